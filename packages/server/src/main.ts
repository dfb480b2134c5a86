console.log('heartline')
