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
