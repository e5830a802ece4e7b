import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ChatPage } from '../testing/chat-page';
import { BOB, message, SOMEBODY } from '../testing/scenarios';
import { NEW } from './chat';

let page: ChatPage;
const show = async (name: string) => void (page = await ChatPage.show(name));

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  page.close();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const id = (name: string) => `[data-testid="${name}"]`;
const last = (selector: string) => `.message:last-child ${selector}`;

test('a conversation says who it is with and what is known of them', async () => {
  await show('verified');
  expect(page.says(id('peer'))).toBe('Bob Karlssonverified');
  expect(page.says('.peer p')).toBe('Verified: you compared the safety number');
});

test('only the message that differs is said to be unsigned', async () => {
  await show('verified');
  const marked = page
    .all(id('unsigned'))
    .map((mark) => mark.closest('li')?.querySelector('.text')?.textContent);
  expect(marked).toEqual(['And do send the pictures as well!']);
});

test('where nothing is signed, nothing is marked', async () => {
  await show('answering');
  expect(page.all(id('unsigned'))).toEqual([]);
});

test.each([
  [0, 'Paused', ['Resume', 'Cancel']],
  [1, 'Sent, on its way', []],
  [2, 'Delivered', []],
])('message %i says %j and offers %j', async (index, label, offers) => {
  await show('states');
  const shown = page.all('.message')[index] as HTMLElement;
  expect(shown.querySelector('.delivery')?.textContent).toBe(label);
  expect([...shown.querySelectorAll('.footer button')].map((button) => button.textContent)).toEqual(offers);
});

test('a message is paused and goes on, by its buttons', async () => {
  await show('delivery');
  const first = '.message:nth-child(2) ';
  await page.click(`${first}${id('pause')}`);
  expect(page.requests('pause')).toEqual([{ type: 'pause', id: 'a' }]);
  await page.click(`${first}${id('resume')}`);
  expect(page.requests('resume')).toEqual([{ type: 'resume', id: 'a' }]);
});

test('the menu of a message is used with the keyboard alone', async () => {
  await show('verified');
  const button = page.one(last(id('menu')));
  expect(button.getAttribute('aria-label')).toBe('Actions for this message');
  button.click();
  await page.settle();
  expect(document.activeElement).toBe(page.one(id('choice-copy')));
  await page.press(id('choice-copy'), 'ArrowDown');
  expect(document.activeElement).toBe(page.one(id('choice-delete')));
  await page.press(id('choice-delete'), 'ArrowDown');
  expect(document.activeElement).toBe(page.one(id('choice-copy')));
  await page.press(id('choice-copy'), 'Escape');
  expect(page.all('.choices')).toEqual([]);
  expect(document.activeElement).toBe(button);
  expect(page.chat.place.value).toBe(BOB);
});

test('a message is deleted only after what that means was said', async () => {
  await show('verified');
  await page.click(last(id('menu')));
  await page.click(id('choice-delete'));
  expect(page.requests('deleteMessage')).toEqual([]);
  expect(page.says('.choices p')).toMatch(/deleted here.*stays with the recipient/);
  await page.click(id('choice-keep'));
  expect(page.requests('deleteMessage')).toEqual([]);
  await page.click(last(id('menu')));
  await page.click(id('choice-delete'));
  await page.click(id('choice-confirm'));
  expect(page.requests('deleteMessage')).toEqual([{ type: 'deleteMessage', id: 'said-3' }]);
  expect(page.all('.message')).toHaveLength(3);
});

test('the whole text is copied, not the part that is shown', async () => {
  await show('long');
  const copied = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue();
  await page.click(`.message[data-id="long"] ${id('menu')}`);
  await page.click(id('choice-copy'));
  expect(copied.mock.calls[0]?.[0]).toHaveLength(2_600);
});

test('what programs sent is shown in columns and named for what it is', async () => {
  await show('machine');
  expect(page.all(id('format')).map((format) => format.textContent)).toEqual([
    'JSON from a program, 146 bytes',
    'Bytes from a program, 34 bytes, as hexadecimal digits',
  ]);
  expect(page.all('.bubble.json, .bubble.binary')).toHaveLength(2);
});

test('nothing of a file is fetched before the user asks, and its name cannot deceive', async () => {
  await show('files');
  expect(page.requests('openFile')).toEqual([]);
  expect(page.all('img, canvas, a[href^="blob:"]')).toEqual([]);
  expect(page.all(id('file-name')).map((name) => name.textContent)).toContain('invoicefdp.exe');
  expect(page.all(id('show-picture'))).toHaveLength(1);
});

test('a file is saved under its name', async () => {
  await show('files');
  vi.spyOn(URL, 'createObjectURL').mockReturnValue('blob:1');
  const click = vi.spyOn(HTMLAnchorElement.prototype, 'click').mockReturnValue();
  await page.click(id('save'));
  expect(page.requests('openFile')).toEqual([{ type: 'openFile', id: 'said-0' }]);
  expect((click.mock.instances[0] as HTMLAnchorElement).download).toBe('Morning over the hills.png');
});

test('a picture is drawn when asked for, and nothing in the page refers to it', async () => {
  await show('files');
  const decode = vi.fn(async (_: Blob) => ({ width: 320, height: 200, close: () => undefined }));
  vi.stubGlobal('createImageBitmap', decode);
  const draw = vi.fn();
  vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockReturnValue({ drawImage: draw } as never);
  await page.click(id('show-picture'));
  expect(decode.mock.calls[0]?.[0].type).toBe('image/png');
  expect(draw).toHaveBeenCalledOnce();
  expect(page.all('img, a[href^="blob:"]')).toEqual([]);
  await page.click(id('show-picture'));
  expect(page.all('canvas')).toEqual([]);
  vi.unstubAllGlobals();
});

test('what only calls itself a picture is not drawn', async () => {
  await show('files');
  page.background.state.files = { 'said-0': btoa('<svg xmlns="http://www.w3.org/2000/svg"/>') };
  const decode = vi.fn();
  vi.stubGlobal('createImageBitmap', decode);
  await page.click(id('show-picture'));
  expect(decode).not.toHaveBeenCalled();
  expect(page.says('.no-picture')).toMatch(/not a picture/);
  vi.unstubAllGlobals();
});

test('dropped and pasted files go along', async () => {
  await show('verified');
  const files = [new File(['x'], 'dropped.txt')];
  const drop = Object.assign(new Event('drop', { bubbles: true, cancelable: true }), {
    dataTransfer: { files },
  });
  page.one('.conversation').dispatchEvent(drop);
  const paste = Object.assign(new Event('paste', { bubbles: true, cancelable: true }), {
    clipboardData: { files: [new File(['x'], 'pasted.txt')] },
  });
  page.one(id('message-text')).dispatchEvent(paste);
  await page.settle();
  expect([drop.defaultPrevented, paste.defaultPrevented]).toEqual([true, true]);
  expect(page.all(`${id('attachment')} .file-name`).map((name) => name.textContent)).toEqual([
    'dropped.txt',
    'pasted.txt',
  ]);
});

test('how a message is sent is said in words', async () => {
  await show('verified');
  expect(page.says(id('manner'))).toMatch(/^As yourself: they see your address/);
  await page.click(id('anonymous'));
  expect(page.says(id('manner'))).toMatch(/never learn your address/);
  await page.click(id('anonymous'));
  await page.click(id('open-details'));
  await page.click(id('plain'));
  await page.click(id('back'));
  expect(page.says(id('manner'))).toMatch(/^Plain text has no sender/);
});

test('a safety number is shown in twelve groups, and comparing it is remembered', async () => {
  await show('signed');
  await page.click(id('open-details'));
  expect(page.all(`${id('safety-number')} span`)).toHaveLength(12);
  expect(page.one(id('trust')).dataset['trust']).toBe('signed');
  await page.click(id('set-verified'));
  expect(page.requests('setVerified')).toEqual([{ type: 'setVerified', conversation: BOB, verified: true }]);
  expect(page.one(id('trust')).dataset['trust']).toBe('verified');
  await page.click(id('set-verified'));
  expect(page.requests('setVerified').at(-1)).toMatchObject({ verified: false });
});

test('a safety number that there is none of yet is explained', async () => {
  await show('signed');
  page.background.refuse('safetyNumber', { code: 'x', fault: 'you', message: 'You have no address yet.' });
  await page.click(id('open-details'));
  expect(page.says('.details section .muted')).toBe('You have no address yet.');
  expect(page.all(id('set-verified'))).toEqual([]);
});

test('a correspondent is renamed, and called so everywhere', async () => {
  await show('signed');
  await page.click(id('open-details'));
  await page.write(id('rename'), ' Bob ');
  page.one('.rename').dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }));
  await page.settle();
  expect(page.requests('rename')).toEqual([{ type: 'rename', conversation: BOB, name: 'Bob' }]);
  expect(page.says(`${id('conversation')} .name bdi`)).toBe('Bob');
  await page.click(id('back'));
  expect(page.says(`${id('peer')} bdi`)).toBe('Bob');
});

test('a conversation is deleted in two steps, and the list is there again', async () => {
  await show('answering');
  await page.click(id('open-details'));
  await page.click(id('delete-conversation'));
  expect(page.says('.sure p')).toMatch(/can still write to you/);
  expect(document.activeElement?.textContent).toBe('Keep');
  expect(page.requests('deleteConversation')).toEqual([]);
  await page.click(id('delete-for-good'));
  expect(page.requests('deleteConversation')).toEqual([
    { type: 'deleteConversation', conversation: SOMEBODY },
  ]);
  expect(page.chat.isOpen.value).toBe(false);
});

test('what the background refuses in the details is said there', async () => {
  await show('signed');
  page.background.refuse('setPlain', { code: 'x', fault: 'storage', message: 'The disk is full.' });
  await page.click(id('open-details'));
  await page.click(id('plain'));
  expect(page.says(id('details-error'))).toBe('The disk is full.');
});

test('Escape leads from the details to the messages, and from these to the list', async () => {
  await show('verified');
  await page.click(id('open-details'));
  await page.press(id('details'), 'Escape');
  expect([page.all(id('details')).length, page.chat.place.value]).toEqual([0, BOB]);
  await page.press(id('message-text'), 'Escape');
  expect(page.chat.place.value).toBeUndefined();
});

test('a link that is pasted as recipient brings address and name along', async () => {
  await show('new');
  await page.write(id('recipient'), `sotto:contact?address=${encodeURIComponent(BOB)}&name=Bob`);
  expect((page.one(id('contact-name')) as HTMLInputElement).value).toBe('Bob');
  await page.click(id('add-contact'));
  expect(page.requests('addContact')).toEqual([{ type: 'addContact', address: BOB, name: 'Bob' }]);
  expect(page.chat.place.value).toBe(BOB);
  expect(page.says(id('history-begins'))).toBe('Nothing has been said here yet.');
});

test('the own address is shown as a code, whole, and copied as a link', async () => {
  await show('empty');
  const copied = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue();
  await page.click(id('share'));
  const address = page.says(id('whole-address')) ?? '';
  expect(page.one(id('qr')).dataset['value']).toBe(address);
  await page.click('.address-card .buttons button:last-child');
  expect(copied).toHaveBeenCalledWith(`sotto:contact?address=${encodeURIComponent(address)}`);
});

test('Ctrl+F and the slash lead to the search, but not out of a text', async () => {
  await show('verified');
  await page.press(id('message-text'), '/');
  expect(document.activeElement).toBe(page.one(id('message-text')));
  await page.press(id('message-text'), 'f', { ctrlKey: true });
  expect(document.activeElement).toBe(page.one(id('search')));
});

test('what was found is marked, and opens where it was said', async () => {
  await show('history');
  page.chat.place.value = undefined;
  await page.write(id('search'), 'line 25');
  await vi.advanceTimersByTimeAsync(300);
  expect(page.all('mark').map((mark) => mark.textContent)).toEqual(['Line 25']);
  await page.click(id('hit'));
  expect(page.chat.place.value).toBe(BOB);
  expect(page.one('.message.found').dataset['id']).toBe('past-25');
});

test('markup that was found is text', async () => {
  await show('empty');
  page.background.show(message({ id: 'h', text: '<img src=x onerror=alert(1)> key' }));
  await page.write(id('search'), 'key');
  await vi.advanceTimersByTimeAsync(300);
  expect(page.says('.excerpt')).toMatch(/<img src=x/);
  expect(page.all('img')).toEqual([]);
});

test('a new conversation is begun with an address that is written in words', async () => {
  await show('empty');
  page.chat.place.value = NEW;
  await page.settle();
  await page.write(id('recipient'), `my address is ${BOB} !`);
  expect((page.one(id('recipient')) as HTMLInputElement).title).toBe(BOB);
});
