// The token of a mail stands behind the #, which no server sees: put it into the form that asks for it.
const token = new URLSearchParams(location.hash.slice(1)).get('token');
if (token) {
  history.replaceState(null, '', location.pathname + location.search);
  for (const field of document.querySelectorAll('input[data-token]')) {
    field.value = token;
    field.closest('.field').hidden = true;
  }
  for (const part of document.querySelectorAll('[data-with-token]')) part.hidden = false;
  for (const part of document.querySelectorAll('[data-without-token]')) part.hidden = true;
  for (const part of document.querySelectorAll('details')) part.open = true;
  document.querySelector('[data-send-token] form')?.requestSubmit();
}
