import type { JSX } from 'preact';

/** A drawing of 16 by 16 in the colour of the text around it. */
function Icon({ children }: { children: JSX.Element | JSX.Element[] }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      {children}
    </svg>
  );
}

/** The route of a message through three layers of mixes, in the shape of an S. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <path d="M22.5 10.2C20.6 6.2 9.4 6 9.4 11.4 9.4 16 22.6 16 22.6 20.6c0 5.4-11.2 5.2-13.1 1.2" />
      <circle cx="22.5" cy="10" r="2.6" />
      <circle cx="16" cy="16" r="2.6" />
      <circle cx="9.5" cy="22" r="2.6" />
    </svg>
  );
}

export const TabIcon = () => (
  <Icon>
    <path d="M6.5 3.500h-3v9h9v-3M9.5 3h3.500v3.500M12.5 3.5 8 8" />
  </Icon>
);

export const SettingsIcon = () => (
  <Icon>
    <path d="M2 5h6m4 0h2M2 11h2m4 0h6" />
    <circle cx="10" cy="5" r="1.9" />
    <circle cx="6" cy="11" r="1.9" />
  </Icon>
);

export const BackIcon = () => (
  <Icon>
    <path d="M9.8 3.500 5.300 8l4.500 4.500" />
  </Icon>
);

export const PlusIcon = () => (
  <Icon>
    <path d="M8 3.500v9M3.500 8h9" />
  </Icon>
);

/** Somebody who does not say who they are. */
export const MaskIcon = () => (
  <Icon>
    <path d="M2 5.500c2-.9 4-.5 6 .4 2-.9 4-1.300 6-.4 0 4-1.300 6-3.300 6-1.300 0-1.900-1.300-2.700-1.300S6.600 11.500 5.300 11.500C3.300 11.500 2 9.500 2 5.500Z" />
    <path d="M4.700 8c.6-.5 1.200-.5 1.800 0M9.500 8c.6-.5 1.200-.5 1.800 0" />
  </Icon>
);

export const QuestionIcon = () => (
  <Icon>
    <path d="M5.800 6.200c0-1.300 1-2.200 2.200-2.200s2.200.9 2.200 2.100c0 1.600-2.200 1.700-2.200 3.300M8 11.900v.2" />
  </Icon>
);

export const SendIcon = () => (
  <Icon>
    <path d="M8 13V3.500M3.8 7.6 8 3.400l4.2 4.2" />
  </Icon>
);

export const ClockIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="5.5" />
    <path d="M8 5v3.200l2 1.3" />
  </Icon>
);

export const TickIcon = () => (
  <Icon>
    <path d="m3.5 8.5 3 3 6-7" />
  </Icon>
);

export const TwoTicksIcon = () => (
  <Icon>
    <path d="m1 8.5 3 3 6-7M8 11.500l6-7" />
  </Icon>
);

export const WarningIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="5.8" />
    <path d="M8 4.800v4M8 11v.3" />
  </Icon>
);

export const MoreIcon = () => (
  <Icon>
    <path d="M8 3.400v.2M8 7.900v.2M8 12.400v.2" stroke-width="2.2" />
  </Icon>
);

export const DownIcon = () => (
  <Icon>
    <path d="M8 3v9.500M3.800 8.400 8 12.600l4.200-4.200" />
  </Icon>
);

export const CopyIcon = () => (
  <Icon>
    <path d="M5.500 5.500h7v8h-7ZM3.500 10.500v-8h7" />
  </Icon>
);

export const DeleteIcon = () => (
  <Icon>
    <path d="M3 4.500h10M6.500 4.300V2.500h3v1.800M4.500 4.500l.6 9h5.800l.6-9M6.900 7v4M9.100 7v4" />
  </Icon>
);

export const PauseIcon = () => (
  <Icon>
    <path d="M5.800 3.800v8.400M10.200 3.800v8.400" />
  </Icon>
);

export const FileIcon = () => (
  <Icon>
    <path d="M4 1.800h5L12.500 5.300v8.900H4ZM9 2v3.500h3.300" />
  </Icon>
);

export const PictureIcon = () => (
  <Icon>
    <path d="M2 3h12v10H2ZM2.300 11.500l3.400-3.600 2.600 2.700 1.900-1.900 3.500 3.400" />
    <circle cx="10.5" cy="5.9" r="1" />
  </Icon>
);

export const SaveIcon = () => (
  <Icon>
    <path d="M8 2.500v7.300M4.800 6.900 8 10l3.200-3.100M2.800 13.300h10.400" />
  </Icon>
);

export const AttachIcon = () => (
  <Icon>
    <path d="m12.700 7.600-4.900 4.900a3 3 0 0 1-4.300-4.300l5.300-5.200a2 2 0 0 1 2.900 2.900L6.500 11a1 1 0 0 1-1.500-1.400L9.300 5.300" />
  </Icon>
);

export const CloseIcon = () => (
  <Icon>
    <path d="m4 4 8 8M12 4l-8 8" />
  </Icon>
);

export const SearchIcon = () => (
  <Icon>
    <circle cx="7" cy="7" r="4.2" />
    <path d="m10.200 10.200 3.300 3.300" />
  </Icon>
);

export const QrIcon = () => (
  <Icon>
    <path d="M2.500 2.500h4v4h-4ZM9.500 2.500h4v4h-4ZM2.500 9.500h4v4h-4ZM9.500 9.500h1.500v1.500M13.500 9.500v1M9.500 13.500h1M13.500 12.500v1h-1" />
  </Icon>
);

/** The seal of who signs what they write. */
export const SignedIcon = () => (
  <Icon>
    <path d="M8 1.800 13 3.600v4c0 3-2 5.300-5 6.600-3-1.300-5-3.600-5-6.600v-4Z" />
  </Icon>
);

/** And it was compared. */
export const VerifiedIcon = () => (
  <Icon>
    <path d="M8 1.800 13 3.600v4c0 3-2 5.300-5 6.600-3-1.300-5-3.600-5-6.600v-4Z" />
    <path d="m5.700 7.900 1.700 1.700 3-3.300" />
  </Icon>
);

export const UnsignedIcon = () => (
  <Icon>
    <path d="M8 1.800 13 3.600v4c0 3-2 5.300-5 6.600-3-1.300-5-3.600-5-6.600v-4ZM8 5v3.200M8 10.300v.2" />
  </Icon>
);

export const InfoIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="5.8" />
    <path d="M8 7.300v3.900M8 4.900v.2" />
  </Icon>
);

export const SidePanelIcon = () => (
  <Icon>
    <path d="M2.500 3h11v10h-11ZM9.800 3.200v9.600" />
  </Icon>
);
