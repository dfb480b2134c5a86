import './style.css'
import { HubApi } from './hub/hub-api.ts'
import { Console } from './view/console.ts'

new Console(new HubApi()).start()
