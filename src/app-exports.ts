import { join } from 'node:path';
import { createExportFolder, exportFileName, type ExportFolder } from './exports/folder.js';
import { startExportThread } from './exports/export-thread.js';
import type { Ground } from './ground.js';
import { createExportMaker, type ExportMaker } from './service/export-maker.js';
import { createExportStreams, type ExportStreams } from './service/export-stream.js';

/** Where kept exports are, beside the images: whoever makes them and whoever serves them share it. */
export function exportFolder({ config }: Pick<Ground, 'config'>): ExportFolder {
  return createExportFolder({ folder: join(config.dataFolder, 'exports'), reserveBytes: config.diskReserveBytes });
}

/** What makes kept exports. */
export function buildExportMaker(ground: Ground): ExportMaker {
  const { store, logger } = ground;
  return createExportMaker({
    work: store.exportWork,
    source: store.exportSource,
    files: { ...exportFolder(ground), nameOf: exportFileName },
    start: startExportThread,
    logger,
  });
}

/** What streams exports to clients. */
export function buildExportStreams({ store, metrics }: Ground): ExportStreams {
  const streams = createExportStreams({ source: store.exportSource, start: startExportThread });
  metrics.gauge('darkroom_exports_streaming', 'Exports that this process is streaming.', () => streams.running());
  return streams;
}
