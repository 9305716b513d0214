/** The migrated database that every test database is a clone of. */
export const TEMPLATE = 'template_darkroom';
