import { detect } from 'sotto-client';
import { GuestBook } from './guest-book';
import { listen, show } from './view';

/** The service writes its address there, see `--publish`. */
async function serviceAddress(): Promise<string> {
  const reply = await fetch('service.json', { cache: 'no-cache' });
  if (!reply.ok) throw new Error('The keeper of this book has not put it up yet. Come back later.');
  return ((await reply.json()) as { address: string }).address;
}

async function start(): Promise<void> {
  const book: GuestBook = new GuestBook(await serviceAddress(), localStorage, () => show(book));
  listen(book);
  show(book);
  await book.start(await detect());
}

start().catch((error: Error) => {
  document.getElementById('status-text')!.textContent = error.message;
});
