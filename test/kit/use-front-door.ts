/**
 * `HEARTLINE_TEST_FRONT_DOOR=off` runs the tests without the front door: hubs that they start as
 * processes of their own read it from the environment, those inside the tests from `toConfig`.
 */
const wanted = process.env['HEARTLINE_TEST_FRONT_DOOR']
if (wanted !== undefined) {
  process.env['HEARTLINE_FRONT_DOOR'] = wanted
  // The program refuses what it does not know.
  delete process.env['HEARTLINE_TEST_FRONT_DOOR']
}
