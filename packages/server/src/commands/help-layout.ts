import { Help, type HelpConfiguration } from 'commander'

const WIDEST_TERM = 32

/** A term that is wider stands on a line of its own, so that descriptions begin far to the left. */
export const helpLayout: HelpConfiguration = {
  padWidth: (command, helper) =>
    Math.min(WIDEST_TERM, Help.prototype.padWidth.call(helper, command, helper)),

  formatItem: (term, termWidth, description, helper) => {
    const format = (shown: string): string =>
      Help.prototype.formatItem.call(helper, shown, termWidth, description, helper)
    if (helper.displayWidth(term) <= termWidth) return format(term)
    return `  ${term}\n${format('')}`
  },
}
