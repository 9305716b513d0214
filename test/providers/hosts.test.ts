import { describe, expect, it } from 'vitest';
import { endpointUrl, followableUrl } from '../../src/providers/hosts.js';

const real = { baseUrl: 'https://api.bfl.ai', hosts: ['.bfl.ai', 'cdn.example.com', '127.0.0.1:4100', '[::1]:4200'] };
const plain = { baseUrl: 'http://127.0.0.1:4100/flux', hosts: ['localhost:4100'] };

describe('URLs an account may follow', () => {
  it.each([
    ['its own host', real, 'https://api.bfl.ai/v1/get_result?id=1'],
    ['a host below the domain', real, 'https://delivery-eu1.bfl.ai/x.jpeg?sig=a%2Fb'],
    ['a host far below the domain', real, 'https://delivery.eu1.bfl.ai/x.jpeg'],
    ['the domain itself', real, 'https://bfl.ai/x'],
    ['upper case', real, 'HTTPS://API.EU2.BFL.AI/x'],
    ['the default port written out', real, 'https://api.us1.bfl.ai:443/x'],
    ['a listed host', real, 'https://cdn.example.com/x'],
    ['a listed host with its port', real, 'https://127.0.0.1:4100/x'],
    ['a listed IPv6 address with its port', real, 'https://[::1]:4200/x'],
    ['plain http at a plain base URL', plain, 'http://127.0.0.1:4100/x'],
    ['https at the host of a plain base URL', plain, 'https://127.0.0.1:4100/x'],
  ])('%s', (_, reach, url) => {
    expect(followableUrl(reach, url)?.href).toBe(new URL(url).href);
  });

  it.each([
    ['another domain', real, 'https://evil.example/x'],
    ['a domain that only ends alike', real, 'https://evilbfl.ai/x'],
    ['the domain as a label of another', real, 'https://api.bfl.ai.evil.example/x'],
    ['the domain as a user name', real, 'https://api.bfl.ai@evil.example/x'],
    ['a user name at the right host', real, 'https://user@api.bfl.ai/x'],
    ['a password at the right host', real, 'https://:word@api.bfl.ai/x'],
    ['another port below the domain', real, 'https://api.bfl.ai:8443/x'],
    ['another port at a listed host', real, 'https://cdn.example.com:8443/x'],
    ['a listed host without its port', real, 'https://127.0.0.1/x'],
    ['a host below one that was listed alone', real, 'https://a.cdn.example.com/x'],
    ['plain http', real, 'http://api.bfl.ai/x'],
    ['plain http at a listed host', plain, 'http://localhost:4100/x'],
    ['another port at a plain base URL', plain, 'http://127.0.0.1:4101/x'],
    ['a trailing dot', real, 'https://api.bfl.ai./x'],
    ['another scheme', real, 'ftp://api.bfl.ai/x'],
    ['a file', real, 'file:///etc/passwd'],
    ['data', real, 'data:image/png;base64,AAAA'],
    ['no URL', real, 'image.jpeg'],
    ['nothing', real, ''],
  ])('not %s', (_, reach, url) => {
    expect(followableUrl(reach, url)).toBeNull();
  });

  it('resolves a relative target against where it came from', () => {
    const from = new URL('https://cdn.example.com/a/b');
    expect(followableUrl(real, '../c', from)?.href).toBe('https://cdn.example.com/c');
    expect(followableUrl(real, '//evil.example/c', from)).toBeNull();
  });

  it('ignores entries that are no host', () => {
    expect(followableUrl({ baseUrl: 'https://a.example', hosts: ['', '.', '%%%'] }, 'https://b.example/')).toBeNull();
  });
});

describe('addresses below the base URL', () => {
  it.each([
    ['https://api.bfl.ai', 'https://api.bfl.ai/v1/x'],
    ['https://api.bfl.ai/', 'https://api.bfl.ai/v1/x'],
    ['http://127.0.0.1:4100/flux', 'http://127.0.0.1:4100/flux/v1/x'],
  ])('%s', (baseUrl, expected) => {
    expect(endpointUrl({ baseUrl, hosts: [] }, '/v1/x')?.href).toBe(expected);
  });

  it.each(['', 'api.bfl.ai', 'ftp://api.bfl.ai', 'file:///tmp'])('none for %j', (baseUrl) => {
    expect(endpointUrl({ baseUrl, hosts: [] }, '/v1/x')).toBeNull();
  });
});
