const { NITRO_TEST_OUTPUT: folder = '.output', NITRO_TEST_MODULES: modules = '' } = process.env

const config = {
  compatibilityDate: '2026-11-01',
  exportConditions: ['@heartline/source'],
  // The names by which the types of both majors live side by side.
  alias: { 'h3-1': `${modules}/h3`, 'h3-compression': `${modules}/h3-compression` },
  buildDir: `${folder}/build`,
  output: { dir: folder, serverDir: `${folder}/server`, publicDir: `${folder}/public` },
}

export { config as default }
