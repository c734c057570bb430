// The phone of a customer. Every text of a message is set with textContent: whatever an agent writes, it stays text.

const $ = id => document.getElementById(id);
const messages = $('messages');
const wall = $('wall');
const input = $('input');

const state = { number: null, customer: null, numbers: [], chats: [], shown: new Map(), replyTo: null, autoRead: true, source: null, typingTimer: null };
const mostShown = 300;

/* Small things */

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined && text !== null) made.textContent = text;
  return made;
}

function drawing(path, className, viewBox = '0 0 24 24') {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', viewBox);
  if (className) svg.setAttribute('class', className);
  const line = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  line.setAttribute('d', path);
  svg.append(line);
  return svg;
}

function iconButton(label, path, onClick) {
  const button = element('button', 'icon');
  button.type = 'button';
  button.setAttribute('aria-label', label);
  button.title = label;
  button.append(hidden(drawing(path)));
  button.addEventListener('click', onClick);
  return button;
}

function hidden(node) {
  node.setAttribute('aria-hidden', 'true');
  return node;
}

function avatar(node, name) {
  const words = name.replace(/[^\p{L}\p{N} ]/gu, '').trim().split(/\s+/);
  node.dataset.tone = [...name].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % 5;
  node.textContent = ((words[0]?.[0] ?? '?') + (words.length > 1 ? words.at(-1)[0] : '')).toUpperCase();
  return node;
}

const clock = at => new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
const day = at => new Date(at).toLocaleDateString([], { weekday: 'long', day: 'numeric', month: 'long' });

/** Only web addresses become links or pictures; anything else an agent may have put there is shown as text. */
function webAddress(text) {
  try {
    const url = new URL(text, location.href);
    return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : null;
  } catch {
    return null;
  }
}

async function call(path, body) {
  const response = await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(await reason(response));
  return response.json();
}

async function reason(response) {
  const problem = await response.json().catch(() => ({}));
  return problem.detail ?? `The sandbox answered ${response.status}.`;
}

/* Text with WhatsApp's marks: *bold* _italic_ ~struck~ ```code``` and links */

const marks = /(```[^`]+```|\*[^*\s](?:[^*\n]*[^*\s])?\*|\b_[^_\s](?:[^_\n]*[^_\s])?_\b|~[^~\s](?:[^~\n]*[^~\s])?~|https?:\/\/[^\s<>"]+)/g;
const markNames = { '*': 'strong', '_': 'em', '~': 's' };

function words(text) {
  const box = element('div', 'text');
  box.dataset.testid = 'bubble-text';
  for (const part of text.split(marks)) {
    if (part.startsWith('http') && webAddress(part)) {
      const link = element('a', '', part);
      link.href = webAddress(part);
      link.target = '_blank';
      link.rel = 'noopener noreferrer';
      box.append(link);
    } else if (part.length > 6 && part.startsWith('```') && part.endsWith('```')) {
      box.append(element('code', '', part.slice(3, -3)));
    } else if (part.length > 2 && markNames[part[0]] && part.at(-1) === part[0] && part.match(marks)) {
      box.append(element(markNames[part[0]], '', part.slice(1, -1)));
    } else if (part) {
      box.append(part);
    }
  }
  return box;
}

/* Bubbles */

const tickPaths = {
  waiting: ['M8.5 1.5a4.5 4.5 0 1 0 .01 0M8.5 3.6V6l1.6 1', 'waiting for the server'],
  sent: ['M5 6.5l2.6 2.8L13 3', 'sent'],
  delivered: ['M1.5 6.5l2.6 2.8L9.5 3M7.6 8.6l.7.7L13.8 3', 'delivered'],
  read: ['M1.5 6.5l2.6 2.8L9.5 3M7.6 8.6l.7.7L13.8 3', 'read'],
  played: ['M1.5 6.5l2.6 2.8L9.5 3M7.6 8.6l.7.7L13.8 3', 'played'],
  failed: ['M8.5 2v4.6M8.5 9.6v.2', 'failed'],
};

function tick(status) {
  const [path, label] = tickPaths[status] ?? tickPaths.waiting;
  const svg = drawing(path, 'tick', '0 0 17 12');
  svg.dataset.status = status;
  svg.dataset.testid = 'tick';
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', label);
  return svg;
}

function quote(of) {
  const box = element('button', 'quote');
  box.type = 'button';
  box.dataset.testid = 'bubble-quote';
  box.append(element('b', '', of.fromCustomer ? 'You' : businessName()), of.text ?? 'A message that is no longer here');
  box.addEventListener('click', () => state.shown.get(of.id)?.node.scrollIntoView({ block: 'center', behavior: 'smooth' }));
  return box;
}

function picture(media, alt) {
  const image = element('img', 'picture');
  image.alt = alt || 'Picture';
  image.loading = 'lazy';
  image.referrerPolicy = 'no-referrer';
  image.dataset.testid = 'bubble-image';
  image.src = webAddress(media.url) ?? '';
  image.addEventListener('load', keepDown);
  image.addEventListener('error', () => image.replaceWith(fileCard(media)));
  return image;
}

function fileCard(media) {
  const link = element('a', 'file');
  link.dataset.testid = 'bubble-file';
  const address = webAddress(media.url);
  if (address) {
    link.href = address;
    link.target = '_blank';
    link.rel = 'noopener noreferrer';
  }
  link.append(
    hidden(drawing('M7 3h7l4 4v14H7zM14 3v4h4M10 12h5M10 16h5')),
    element('span', '', media.fileName ?? (media.url.startsWith('/') ? media.kind : media.url)),
    element('small', '', media.mimeType ?? media.kind));
  return link;
}

function mediaOf(bubble) {
  const { media } = bubble;
  if (media.kind === 'image' || media.kind === 'sticker') return picture(media, bubble.text);
  if (media.kind === 'audio' || media.kind === 'video') {
    const player = element(media.kind);
    player.controls = true;
    player.preload = 'none';
    player.src = webAddress(media.url) ?? '';
    return player;
  }
  return fileCard(media);
}

function placeCard(place) {
  const box = element('div', 'place');
  box.dataset.testid = 'bubble-place';
  box.append(
    hidden(drawing('M12 21s7-6.2 7-11.5A7 7 0 0 0 5 9.5C5 14.800 12 21 12 21zM12 12a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z')),
    element('strong', '', place.name ?? 'Location'),
    element('small', '', [place.address, `${place.latitude.toFixed(5)}, ${place.longitude.toFixed(5)}`].filter(Boolean).join(' · ')));
  return box;
}

const choicePaths = {
  link: 'M10 14L20 4M14 4h6v6M18 14v6H4V6h6',
  call: 'M5 4h4l2 5-2.500 1.500a11 11 0 0 0 5 5L15 13l5 2v4a2 2 0 0 1-2 2A15 15 0 0 1 3 6a2 2 0 0 1 2-2z',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  location: 'M12 21s7-6.200 7-11.500A7 7 0 0 0 5 9.500C5 14.800 12 21 12 21z',
  contact: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c1-5 4.500-6 8-6s7 1 8 6',
  flow: 'M5 4h14v16H5zM9 9h6M9 13h6M9 17h3',
  reply: 'M10 8L5 13l5 5M5 13h9a5 5 0 0 0 5-5V6',
  quick_reply: 'M10 8L5 13l5 5M5 13h9a5 5 0 0 0 5-5V6',
  list: 'M5 7h.010M5 12h.010M5 17h.010M9 7h11M9 12h11M9 17h11',
};

function choiceButton(kind, title, onClick) {
  const button = element('button', 'choice');
  button.type = 'button';
  button.dataset.testid = 'choice';
  button.append(hidden(drawing(choicePaths[kind] ?? choicePaths.reply)), element('span', '', title));
  button.addEventListener('click', onClick);
  return button;
}

function choiceOf(bubble, choice) {
  if (choice.kind === 'link' || choice.kind === 'call') {
    const address = choice.kind === 'link' ? webAddress(choice.value ?? '') : `tel:${(choice.value ?? '').replace(/[^+\d]/g, '')}`;
    const link = element('a', 'choice');
    link.dataset.testid = 'choice';
    if (address) link.href = address;
    link.target = '_blank';
    link.rel = 'noopener noreferrer';
    link.append(hidden(drawing(choicePaths[choice.kind])), element('span', '', choice.title));
    return link;
  }
  if (choice.kind === 'view') return choiceButton('link', choice.title, () => {});
  if (choice.kind === 'copy') {
    return choiceButton('copy', choice.title, () => navigator.clipboard?.writeText(choice.value ?? ''));
  }
  return choiceButton(choice.kind, choice.title, () => tap(bubble, choice));
}

function choicesOf(bubble) {
  const box = element('div', 'choices');
  if (bubble.listButton) box.append(choiceButton('list', bubble.listButton, () => openSheet(bubble)));
  else box.append(...bubble.choices.map(choice => choiceOf(bubble, choice)));
  return box;
}

function toolsOf(bubble, node) {
  const box = element('div', 'tools');
  box.append(
    iconButton('Answer this message', choicePaths.reply, () => startReply(bubble)),
    iconButton('React to this message', 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8.500 14.500c1.800 2.300 5.200 2.300 7 0M9 9.500h.010M15 9.500h.010', () => openPalette(bubble, node)));
  return box;
}

function openPalette(bubble, node) {
  const known = node.querySelector('.palette');
  if (known) return known.remove();
  const box = element('div', 'palette');
  for (const emoji of ['👍', '❤️', '😂', '😮', '🙏']) {
    const button = element('button', '', emoji);
    button.type = 'button';
    button.setAttribute('aria-label', `React with ${emoji}`);
    button.addEventListener('click', () => {
      box.remove();
      attempt(call('/phone/reaction', { message: bubble.id, emoji: bubble.customerReaction === emoji ? '' : emoji }));
    });
    box.append(button);
  }
  node.append(box);
}

function draw(bubble) {
  const node = element('li', `bubble ${bubble.fromCustomer ? 'mine' : 'theirs'} ${bubble.type}`);
  node.dataset.testid = 'bubble';
  node.dataset.messageId = bubble.id;
  node.dataset.direction = bubble.fromCustomer ? 'customer' : 'business';
  node.dataset.type = bubble.type;
  node.dataset.status = bubble.status;
  node.tabIndex = -1;
  if (bubble.type === 'system') {
    node.className = 'note';
    node.textContent = bubble.text ?? '';
    return node;
  }

  if (bubble.templateName) node.append(element('div', 'label', `Template ${bubble.templateName}`));
  if (bubble.quote) node.append(quote(bubble.quote));
  if (bubble.media) node.append(mediaOf(bubble));
  if (bubble.header) node.append(element('div', 'head', bubble.header));
  if (bubble.place) node.append(placeCard(bubble.place));
  if (bubble.text) node.append(words(bubble.text));
  if (bubble.footer) node.append(element('div', 'foot', bubble.footer));
  if (bubble.failure) node.append(element('div', 'failure', `Failed: ${bubble.failure}`));
  const meta = element('div', 'meta');
  meta.append(element('time', '', clock(bubble.at)), tick(bubble.status));
  node.append(meta);
  if (bubble.choices.length > 0) node.append(choicesOf(bubble));
  const reactions = [bubble.businessReaction, bubble.customerReaction].filter(Boolean);
  if (reactions.length > 0) {
    node.classList.add('reacted');
    const box = element('div', 'reactions', reactions.join(' '));
    box.dataset.testid = 'reactions';
    node.append(box);
  }
  node.append(toolsOf(bubble, node));
  return node;
}

/** Puts a bubble where its sequence belongs, or renews it where it is. */
function show(bubble) {
  const atEnd = isDown();
  const node = draw(bubble);
  const known = state.shown.get(bubble.id);
  if (known) {
    known.node.replaceWith(node);
  } else {
    const later = inOrder().find(other => other.sequence > bubble.sequence);
    messages.insertBefore(node, later?.node ?? null);
    node.classList.add('arrives');
  }
  remember(bubble, node);
  if (!known) {
    forgetOldest();
    drawDays();
    if (!bubble.fromCustomer) showTyping(null);
  }
  $('empty').hidden = state.shown.size > 0;
  if (!known && (atEnd || bubble.fromCustomer)) scrollDown();
  else if (atEnd) keepDown();
}

const remember = (bubble, node) => state.shown.set(bubble.id, { id: bubble.id, node, sequence: bubble.sequence, at: bubble.at });
const inOrder = () => [...state.shown.values()].sort((a, b) => a.sequence - b.sequence);

function forgetOldest() {
  if (state.shown.size <= mostShown) return;
  const oldest = inOrder()[0];
  oldest.node.remove();
  state.shown.delete(oldest.id);
}

function drawDays() {
  messages.querySelectorAll('.day').forEach(node => node.remove());
  let last = '';
  for (const { node, at } of inOrder()) {
    if (day(at) !== last) {
      last = day(at);
      messages.insertBefore(element('li', 'day', last), node);
    }
  }
}

const isDown = () => wall.scrollHeight - wall.scrollTop - wall.clientHeight < 90;
function scrollDown() { wall.scrollTop = wall.scrollHeight; }
function keepDown() { if (wall.scrollHeight - wall.scrollTop - wall.clientHeight < 420) scrollDown(); }

/* What the customer does */

async function attempt(action) {
  try {
    await action;
    $('problem').textContent = '';
    return true;
  } catch (error) {
    $('problem').textContent = error instanceof TypeError ? 'The sandbox cannot be reached. Is it running?' : error.message;
    return false;
  }
}

function tap(bubble, choice) {
  return attempt(call('/phone/tap', { message: bubble.id, index: choice.index }));
}

async function sendText() {
  const text = input.value;
  if (!text.trim()) return;
  const replyTo = state.replyTo;
  input.value = '';
  stopReply();
  fitInput();
  if (!await attempt(call('/phone/text', { number: state.number, customer: state.customer, text, replyTo }))) {
    input.value = text;
    fitInput();
  }
}

async function sendFile(file) {
  const form = new FormData();
  form.append('file', file);
  const query = new URLSearchParams({ number: state.number, customer: state.customer });
  await attempt(fetch(`/phone/file?${query}`, { method: 'POST', body: form }).then(async response => {
    if (!response.ok) throw new Error(await reason(response));
  }));
}

function startReply(bubble) {
  state.replyTo = bubble.id;
  $('replying-text').textContent = bubble.text ?? bubble.header ?? bubble.type;
  $('replying').hidden = false;
  input.focus();
}

function stopReply() {
  state.replyTo = null;
  $('replying').hidden = true;
}

function fitInput() {
  input.style.height = 'auto';
  input.style.height = `${input.scrollHeight + 2}px`;
}

function openSheet(bubble) {
  const rows = $('sheet-rows');
  rows.replaceChildren();
  $('sheet-title').textContent = bubble.listButton;
  let section = null;
  for (const choice of bubble.choices) {
    if (choice.section && choice.section !== section) {
      section = choice.section;
      rows.append(element('h4', '', section));
    }
    const row = element('button', 'rowing');
    row.type = 'button';
    row.dataset.testid = 'list-row';
    row.append(element('strong', '', choice.title));
    if (choice.description) row.append(element('small', '', choice.description));
    row.addEventListener('click', () => {
      $('sheet').close();
      tap(bubble, choice);
    });
    rows.append(row);
  }
  $('sheet').showModal();
}

/* What the sandbox tells */

const businessName = () => state.numbers.find(number => number.id === state.number)?.verifiedName ?? '';

function showTyping(until) {
  clearTimeout(state.typingTimer);
  const left = until ? new Date(until) - Date.now() : 0;
  $('typing').hidden = left <= 0;
  $('presence').textContent = left > 0 ? 'typing…' : state.numbers.find(number => number.id === state.number)?.displayNumber ?? '';
  if (left > 0) {
    keepDown();
    state.typingTimer = setTimeout(() => showTyping(null), left);
  }
}

function showWindow(line) {
  const box = $('window');
  box.dataset.state = line.windowEnds ? 'open' : 'closed';
  box.textContent = line.windowEnds
    ? `The business may write freely until ${new Date(line.windowEnds).toLocaleString([], { weekday: 'long', hour: '2-digit', minute: '2-digit' })}`
    : 'Only templates reach you now. Write something to open the 24-hour window.';
}

function showConnection(connection, text) {
  $('live').dataset.state = connection;
  $('live').textContent = text;
}

function showSandbox(sandbox) {
  state.autoRead = sandbox.autoRead;
  const wire = $('wire-state');
  wire.dataset.state = sandbox.verified && sandbox.pending === 0 ? 'good' : 'waiting';
  wire.textContent = !sandbox.callbackUrl ? 'No callback: set Sandbox:WhatsApp:CallbackUrl'
    : !sandbox.verified ? 'The server has not answered the challenge yet'
    : sandbox.pending > 0 ? `${sandbox.pending} waiting for the server`
    : 'The server takes them';
  $('wire-url').textContent = sandbox.callbackUrl ?? '';
  markRead();
}

let reading = null;

/** A message is read when a person can see it: this chat, this tab, in front. */
function markRead() {
  if (state.autoRead || document.visibilityState !== 'visible' || reading) return;
  const unread = [...state.shown.values()].some(({ node }) => node.dataset.direction === 'business' && !['read', 'played', 'failed'].includes(node.dataset.status));
  if (!unread) return;
  reading = setTimeout(async () => {
    try {
      await call('/phone/read', { number: state.number, customer: state.customer });
    } catch {
      // told by the connection sign; the next message tries again
    } finally {
      reading = null;
    }
  }, 150);
}

/* The list beside the phone */

function option(name, small, pressed, at, testid, onClick) {
  const button = element('button', 'option');
  button.type = 'button';
  button.dataset.testid = testid;
  button.setAttribute('aria-pressed', pressed);
  button.append(hidden(avatar(element('span', 'avatar'), name)), element('strong', '', name), element('time', '', at ? clock(at) : ''), element('small', '', small));
  button.addEventListener('click', onClick);
  return button;
}

function drawSide() {
  $('numbers').replaceChildren(...state.numbers.map(number => {
    const made = option(number.verifiedName, number.displayNumber, number.id === state.number, null, 'number-option', () => choose(number.id, state.customer));
    made.dataset.id = number.id;
    return made;
  }));
  const chats = [...state.chats].sort((a, b) => (b.at ?? '').localeCompare(a.at ?? ''));
  $('chats').replaceChildren(...chats.map(chat => {
    const made = option(chat.name, chat.preview ?? reachOf(chat.customer), chat.customer === state.customer, chat.at, 'customer-option', () => choose(state.number, chat.customer));
    made.dataset.id = chat.customer;
    return made;
  }));
}

const reachOf = customer => /^\d+$/.test(customer) ? `+${customer}` : customer;

function toggleSide(open) {
  $('side').classList.toggle('open', open);
  $('open-side').setAttribute('aria-expanded', open);
  if (open) $('close-side').focus();
}

function choose(number, customer) {
  toggleSide(false);
  state.number = number;
  state.customer = customer;
  sessionStorage.setItem('phone', JSON.stringify({ number, customer }));
  stopReply();
  listen();
}

/* Loading and listening */

async function load() {
  const query = new URLSearchParams({ number: state.number ?? '' });
  const overview = await (await fetch(`/phone/overview?${query}`)).json();
  state.numbers = overview.numbers;
  state.number = overview.number;
  state.chats = overview.chats;
  if (!state.customer || (!overview.chats.some(chat => chat.customer === state.customer) && !await known(state.customer))) {
    state.customer = overview.chats[0]?.customer ?? null;
  }
}

async function known(customer) {
  const query = new URLSearchParams({ number: state.number, customer });
  return (await fetch(`/phone/chat?${query}`)).ok;
}

async function loadChat() {
  const { number, customer } = state;
  const query = new URLSearchParams({ number, customer });
  const response = await fetch(`/phone/chat?${query}`);
  if (!response.ok || number !== state.number || customer !== state.customer) return;
  const chat = await response.json();
  messages.replaceChildren();
  state.shown.clear();
  avatar($('avatar'), businessName());
  $('business').textContent = businessName();
  $('reach').textContent = reachOf(customer);
  input.placeholder = `Message as ${chat.line.name}`;
  for (const bubble of chat.messages) {
    const node = draw(bubble);
    messages.append(node);
    remember(bubble, node);
  }
  drawDays();
  $('empty').hidden = chat.messages.length > 0;
  showTyping(chat.typingUntil);
  showWindow(chat.line);
  drawSide();
  scrollDown();
  markRead();
}

async function reload() {
  try {
    await load();
    await loadChat();
  } catch {
    showConnection('lost', 'reconnecting');
  }
}

/** The stream is opened first and the chat loaded when it is open, so nothing falls between the two. */
function listen() {
  state.source?.close();
  showConnection('connecting', 'connecting');
  const source = new EventSource(`/phone/events?${new URLSearchParams({ number: state.number, customer: state.customer })}`);
  state.source = source;
  const on = (name, handle) => source.addEventListener(name, event => source === state.source && handle(JSON.parse(event.data)));
  source.addEventListener('open', async () => {
    await reload();
    showConnection('live', 'live');
  });
  source.addEventListener('error', () => showConnection('lost', 'reconnecting'));
  on('sandbox', showSandbox);
  on('bubble', bubble => {
    show(bubble);
    markRead();
  });
  on('chat', line => {
    state.chats = [line, ...state.chats.filter(chat => chat.customer !== line.customer)].slice(0, 50);
    if (line.customer === state.customer) showWindow(line);
    drawSide();
  });
  on('typing', typing => showTyping(typing.until));
  on('resync', reload);
}

async function start() {
  const remembered = JSON.parse(sessionStorage.getItem('phone') ?? '{}');
  const asked = new URLSearchParams(location.search);
  state.number = asked.get('number') ?? remembered.number ?? null;
  state.customer = asked.get('customer') ?? remembered.customer ?? null;
  try {
    await load();
    listen();
  } catch {
    showConnection('lost', 'reconnecting');
    setTimeout(start, 1500);
  }
}

$('composer').addEventListener('submit', event => {
  event.preventDefault();
  sendText();
});
input.addEventListener('keydown', event => {
  if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    sendText();
  }
});
input.addEventListener('input', fitInput);
$('file').addEventListener('change', async event => {
  const [file] = event.target.files;
  if (file) await sendFile(file);
  event.target.value = '';
});
$('stop-reply').addEventListener('click', stopReply);
$('close-sheet').addEventListener('click', () => $('sheet').close());
$('open-side').addEventListener('click', () => toggleSide(true));
$('close-side').addEventListener('click', () => toggleSide(false));
$('down').addEventListener('click', scrollDown);
wall.addEventListener('scroll', () => { $('down').hidden = isDown(); });
document.addEventListener('visibilitychange', markRead);
$('customer-form').addEventListener('submit', async event => {
  event.preventDefault();
  const form = event.target;
  try {
    const added = await call('/phone/customers', { waId: form.elements.waId.value, name: form.elements.name.value });
    form.reset();
    form.closest('details').open = false;
    $('customer-problem').textContent = '';
    choose(state.number, added.customer);
  } catch (error) {
    $('customer-problem').textContent = error.message;
  }
});

start();
