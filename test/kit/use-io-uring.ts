/**
 * `HEARTLINE_TEST_IO_URING=off` runs the tests with one system call for each send: hubs that they
 * start as processes of their own read it from the environment, those inside the tests from
 * `toConfig`.
 */
const wanted = process.env['HEARTLINE_TEST_IO_URING']
if (wanted !== undefined) {
  process.env['HEARTLINE_SESSION_IO_URING'] = wanted
  // The program refuses what it does not know.
  delete process.env['HEARTLINE_TEST_IO_URING']
}
