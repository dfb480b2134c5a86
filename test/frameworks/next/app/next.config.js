// The packages are installed beside the application, in a folder above it.
module.exports = {
  turbopack: { root: require('node:path').join(__dirname, '..') },
  typescript: { ignoreBuildErrors: true },
}
