import { setUpAlone } from '../../alone.ts'

export default (): void => void setUpAlone()
