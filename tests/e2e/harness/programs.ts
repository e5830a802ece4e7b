import { resolve } from 'node:path';

/** Where `cargo xtask` found or built what the tests drive. */
export const CHROMIUM = process.env.SOTTO_CHROMIUM ?? '/usr/bin/chromium';
export const FIREFOX = process.env.SOTTO_FIREFOX ?? '/usr/bin/firefox-esr';
export const MIXNET = process.env.SOTTO_MIXNET ?? 'target/release/sotto-mixnet';
export const SOTTO = process.env.SOTTO_PROGRAM ?? 'target/release/sotto';
export const GUEST_BOOK = process.env.SOTTO_GUEST_BOOK ?? 'target/release/sotto-guest-book';

/** The extension as it is loaded into the browsers. */
export const EXTENSION = resolve(process.env.SOTTO_EXTENSION ?? 'target/extension');

/** Where pictures of failures and other traces of a run are kept. */
export const ARTEFACTS = resolve('target/e2e');
