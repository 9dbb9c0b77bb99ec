#include "test/fuzz/fake_libmilter.h"

#include <cstring>

#include "test/fuzz/targets.h"

namespace fallbackmx::fuzz {

namespace {

smfiDesc registered;

bool is_enhanced(const std::string& dsn) {
  int dots = 0, digits = 0;
  for (const char c : dsn) {
    if (c != '.' && (c < '0' || c > '9')) return false;
    if (c == '.' && (digits == 0 || ++dots > 2)) return false;
    digits = c == '.' ? 0 : digits + 1;
    if (digits > 3) return false;
  }
  return dots == 2 && digits > 0 && dsn[1] == '.';
}

bool is_code(const std::string& code) {
  return code.size() == 3 && (code[0] == '4' || code[0] == '5') &&
         code.find_first_not_of("0123456789") == std::string::npos;
}

/// What is wrong with it. libmilter takes more than this, and an MTA would show it to the client.
const char* illegal(const smfi_str::Reply& reply) {
  if (!is_code(reply.code)) return "a reply's code is 400 to 599";
  if (!is_enhanced(reply.dsn)) return "a reply has an enhanced code";
  if (reply.dsn[0] != reply.code[0]) return "the enhanced code is of the code's class";
  if (reply.text.size() > 980 || !is_printable_ascii(reply.text)) return "a reply is printable, and fits";
  for (std::size_t i = 0; i < reply.text.size(); ++i) {
    if (reply.text[i] != '%') continue;
    if (++i == reply.text.size() || reply.text[i] != '%') return "each % of a reply is doubled";
  }
  return nullptr;
}

}  // namespace

const smfiDesc& registered_callbacks() { return registered; }

}  // namespace fallbackmx::fuzz

namespace {

/// Our callers catch everything; whoever called them looks.
void promised(SMFICTX* ctx, bool kept, const char* what) {
  if (!kept) ctx->broken = what;
}

}  // namespace

int smfi_register(smfiDesc callbacks) {
  fallbackmx::fuzz::registered = callbacks;
  return MI_SUCCESS;
}

void* smfi_getpriv(SMFICTX* ctx) { return ctx->private_data; }

int smfi_setpriv(SMFICTX* ctx, void* data) {
  if (ctx->unwilling && data != nullptr) return MI_FAILURE;
  ctx->private_data = data;
  return MI_SUCCESS;
}

char* smfi_getsymval(SMFICTX* ctx, char* name) {
  const auto found = ctx->macros.find(name);
  return found == ctx->macros.end() ? nullptr : found->second.data();
}

int smfi_setsymlist(SMFICTX* ctx, int stage, char* names) {
  promised(ctx, ctx->negotiating, "macros are asked for while negotiating");
  promised(ctx, stage >= SMFIM_FIRST && stage <= SMFIM_LAST && std::strlen(names) > 0,
           "for a stage, and by name");
  return ctx->unwilling ? MI_FAILURE : MI_SUCCESS;
}

int smfi_setreply(SMFICTX* ctx, char* code, char* dsn, char* text) {
  const smfi_str::Reply reply{code, dsn, text};
  if (const char* wrong = fallbackmx::fuzz::illegal(reply)) promised(ctx, false, wrong);
  if (ctx->unwilling) return MI_FAILURE;
  ctx->reply = reply;
  return MI_SUCCESS;
}

int smfi_addheader(SMFICTX* ctx, char* name, char* value) {
  promised(ctx, ctx->at_end, "header fields are added at the end of a message");
  promised(ctx, *name != '\0' && std::string(name).find_first_of(": \r\n") == std::string::npos,
           "a field has a name");
  promised(ctx, std::string(value).find('\n') == std::string::npos, "a field is one line");
  if (ctx->unwilling) return MI_FAILURE;
  ++ctx->headers;
  return MI_SUCCESS;
}
