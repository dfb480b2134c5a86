import { compression } from 'h3-compression'

export default compression()
