const gib = 1024 ** 3;

/** What `/system_stats` says: a card of 24 GB. */
export function systemStats(old: boolean, port: number): Record<string, unknown> {
  return {
    system: {
      os: 'linux',
      ram_total: 64 * gib,
      ram_free: 41 * gib,
      comfyui_version: old ? '0.3.14' : '0.12.0',
      ...(old ? {} : { required_frontend_version: '1.38.0', installed_templates_version: '0.8.0' }),
      python_version: '3.12.3 (main) [GCC 13.2.0]',
      pytorch_version: old ? '2.6.0+cu124' : '2.9.1+cu130',
      embedded_python: false,
      argv: ['main.py', '--port', String(port), '--preview-method', 'auto'],
    },
    devices: [
      {
        name: 'cuda:0 Sandbox (no card at all) : cudaMallocAsync',
        type: 'cuda',
        index: 0,
        vram_total: 24 * gib,
        vram_free: 11 * gib,
        torch_vram_total: 12 * gib,
        torch_vram_free: gib,
      },
    ],
  };
}
