import { isPopup } from './runtime';

/** Whether this page would close when the browser's window for choosing files opens: in Firefox's popup. */
export function filesHaveToBeChosenElsewhere(): boolean {
  return isPopup() && navigator.userAgent.includes('Firefox/');
}
