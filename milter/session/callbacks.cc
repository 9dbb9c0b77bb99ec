#include "milter/session/callbacks.h"

#include <libmilter/mfapi.h>
#include <netinet/in.h>
#include <strings.h>

#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <string>

#include "milter/rules/reply.h"
#include "milter/session/session_state.h"

namespace fallbackmx {

namespace {

// libmilter hands its callbacks nothing of ours before the first of them has run.
Desk* the_desk = nullptr;
Log* the_log = nullptr;

/// The events we have no use for. All sessions must ask for the same ones: libmilter keeps what they may
/// leave out in a table of the process.
constexpr unsigned long unneeded_events =
    SMFIP_NOBODY | SMFIP_NOHDRS | SMFIP_NOEOH | SMFIP_NODATA | SMFIP_NOUNKNOWN;
/// The events that we listen to and never have an answer to: an MTA that can goes on without one.
constexpr unsigned long unanswered_events = SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL;

/// {j} stands in each list because it always has a value: libmilter ignores an empty list and goes on showing
/// the macros of the message before.
struct MacroList {
  int stage;
  const char* names;
};
constexpr MacroList macro_lists[] = {
    {SMFIM_CONNECT, "j"},
    {SMFIM_HELO, "j"},
    {SMFIM_ENVFROM, "j i {auth_type} {auth_authen} {mail_mailer}"},
    {SMFIM_ENVRCPT, "j i {rcpt_mailer} {rcpt_host} {rcpt_addr}"},
    {SMFIM_EOM, "j i"},
};

constexpr char header_name[] = "X-Fallbackmx-Unverified";

void report(SMFICTX* ctx, std::string_view callback, std::string_view what) noexcept {
  try {
    LogLine line("trouble in a milter callback:");
    if (const auto* state = static_cast<SessionState*>(smfi_getpriv(ctx))) line.put("sid", state->id);
    return the_log->error(line.put("callback", callback).put("why", what));
  } catch (...) {
    the_log->lose_line();
  }
}

/// The C boundary: no exception passes, and "continue" is the answer of whoever does not know.
template <class Body>
sfsistat guarded(SMFICTX* ctx, std::string_view callback, Body body) noexcept {
  try {
    return body();
  } catch (const std::exception& trouble) {
    report(ctx, callback, trouble.what());
  } catch (...) {
    report(ctx, callback, "unknown exception");
  }
  return SMFIS_CONTINUE;
}

/// The same for one of the unanswered_events.
template <class Body>
sfsistat unanswered(SMFICTX* ctx, std::string_view callback, Body body) noexcept {
  guarded(ctx, callback, [&] {
    body();
    return SMFIS_NOREPLY;
  });
  return SMFIS_NOREPLY;
}

/// The session's state, made when it is first needed: a session may begin with any callback.
SessionState& state_of(SMFICTX* ctx) {
  if (auto* state = static_cast<SessionState*>(smfi_getpriv(ctx))) return *state;
  auto state = std::make_unique<SessionState>(next_session_id());
  the_desk->session_begins();  // may throw, and then libmilter must not keep what is gone
  if (smfi_setpriv(ctx, state.get()) != MI_SUCCESS) throw std::bad_alloc();
  return *state.release();  // on_close() deletes it
}

/// A copy: libmilter's own may be gone at the next macro packet.
std::string macro(SMFICTX* ctx, const char* name) {
  const char* value = smfi_getsymval(ctx, const_cast<char*>(name));
  return value == nullptr ? std::string() : std::string(value);
}

/// None for local submission, and for a client that was gone before the MTA could look.
std::optional<IpAddress> address_of(const sockaddr* from) {
  namespace ip = boost::asio::ip;
  if (from == nullptr) return std::nullopt;
  if (from->sa_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(from);
    return ip::address_v4(ntohl(v4->sin_addr.s_addr));
  }
  if (from->sa_family != AF_INET6) return std::nullopt;
  const auto* in6 = reinterpret_cast<const sockaddr_in6*>(from);
  ip::address_v6::bytes_type bytes;
  std::memcpy(bytes.data(), &in6->sin6_addr, bytes.size());
  const ip::address_v6 v6(bytes);
  if (v6.is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, v6);
  return v6;
}

/// libmilter keeps a reply that was set and shows it with a later one of its class; so it is set here only,
/// and the return value that goes with it leaves at once.
sfsistat say(SMFICTX* ctx, const Reply& reply) {
  if (reply.code == 0) return SMFIS_CONTINUE;
  std::string code = std::to_string(reply.code), dsn = reply.dsn, text = for_libmilter(reply);
  if (smfi_setreply(ctx, code.data(), dsn.data(), text.data()) == MI_SUCCESS) {
    return reply.rejects() ? SMFIS_REJECT : SMFIS_TEMPFAIL;
  }
  report(ctx, "envrcpt", "libmilter refuses the reply " + code + ' ' + dsn + ' ' + text);
  char plain_code[] = "450", plain_dsn[] = "4.7.1", plain_text[] = "Service unavailable";
  smfi_setreply(ctx, plain_code, plain_dsn, plain_text);  // should this fail too, libmilter's own 451 will do
  return SMFIS_TEMPFAIL;
}

sfsistat on_negotiate(SMFICTX* ctx, unsigned long actions, unsigned long protocol, unsigned long,
                      unsigned long, unsigned long* want_actions, unsigned long* want_protocol,
                      unsigned long* want2, unsigned long* want3) {
  *want_actions = actions & SMFIF_SETSYMLIST;
  *want_protocol = protocol & (unneeded_events | unanswered_events);
  *want2 = *want3 = 0;
  return guarded(ctx, "negotiate", [&] {
    if (the_desk->settings()->unverified_header) *want_actions |= actions & SMFIF_ADDHDRS;
    if ((actions & SMFIF_SETSYMLIST) == 0) return SMFIS_CONTINUE;
    for (const auto& list : macro_lists) {
      if (smfi_setsymlist(ctx, list.stage, const_cast<char*>(list.names)) != MI_SUCCESS) {
        report(ctx, "negotiate", std::string("cannot ask the MTA for the macros ") + list.names);
      }
    }
    return SMFIS_CONTINUE;
  });
}

sfsistat on_connect(SMFICTX* ctx, char* name, sockaddr* from) {
  return unanswered(ctx, "connect", [&] {
    Client& client = state_of(ctx).client;
    client.name = client_name(name == nullptr ? "" : name);
    client.address = client_address(client.name, address_of(from));
    the_desk->session_log().connected(state_of(ctx));
  });
}

/// Comes once more after STARTTLS, or never.
sfsistat on_helo(SMFICTX* ctx, char* name) {
  return unanswered(ctx, "helo", [&] { state_of(ctx).client.helo = helo_name(name == nullptr ? "" : name); });
}

sfsistat on_envfrom(SMFICTX* ctx, char** arguments) {
  return unanswered(ctx, "envfrom", [&] {
    SessionState& session = state_of(ctx);
    begin_message(session, arguments[0]);
    for (char** parameter = arguments + 1; *parameter != nullptr; ++parameter) {
      if (strcasecmp(*parameter, "SMTPUTF8") == 0) session.message.smtputf8 = true;
    }
    session.message.sender_mailer = macro(ctx, "{mail_mailer}");
    session.message.queue_id = macro(ctx, "i");
    session.client.authenticated = !macro(ctx, "{auth_authen}").empty() &&
                                   strcasecmp(macro(ctx, "{auth_type}").c_str(), "ANONYMOUS") != 0;
  });
}

sfsistat on_envrcpt(SMFICTX* ctx, char** arguments) {
  return guarded(ctx, "envrcpt", [&] {
    SessionState& session = state_of(ctx);
    session.message.queue_id = macro(ctx, "i");
    const Envelope envelope =
        envelope_of(session, arguments[0],
                    {macro(ctx, "{rcpt_mailer}"), macro(ctx, "{rcpt_host}"), macro(ctx, "{rcpt_addr}")});
    const Outcome outcome = the_desk->answer(session, envelope);
    if (outcome.reply.code == 0) ++session.message.accepted;
    if (outcome.unverified) ++session.message.unverified;
    return say(ctx, outcome.reply);
  });
}

sfsistat on_eom(SMFICTX* ctx) {
  return guarded(ctx, "eom", [&] {
    SessionState& session = state_of(ctx);
    session.message.queue_id = macro(ctx, "i");
    the_desk->session_log().message_ended(session);
    const MessageState& message = session.message;
    if (message.unverified == 0 || !the_desk->settings()->unverified_header) return SMFIS_CONTINUE;
    std::string name = header_name;
    // How many, not who: the others need not learn of a Bcc.
    std::string value = "recipients=" + std::to_string(message.unverified) + " by=" + macro(ctx, "j");
    if (smfi_addheader(ctx, name.data(), value.data()) != MI_SUCCESS) {
      report(ctx, "eom",
             "the header field was not added: the MTA does not allow it, or the session is older than the "
             "setting");
    }
    return SMFIS_CONTINUE;
  });
}

/// May come without any other callback before it, and on libmilter's controller thread: it must not block.
sfsistat on_close(SMFICTX* ctx) {
  return guarded(ctx, "close", [&] {
    const std::unique_ptr<SessionState> state(static_cast<SessionState*>(smfi_getpriv(ctx)));
    if (!state) return SMFIS_CONTINUE;
    smfi_setpriv(ctx, nullptr);
    the_desk->session_ends();
    the_desk->session_log().closed(*state);
    return SMFIS_CONTINUE;
  });
}

}  // namespace

bool register_callbacks(Desk& desk, Log& log) {
  the_desk = &desk;
  the_log = &log;
  static char name[] = "fallbackmx";
  smfiDesc callbacks{};
  callbacks.xxfi_name = name;
  callbacks.xxfi_version = SMFI_VERSION;
  callbacks.xxfi_flags = SMFIF_ADDHDRS | SMFIF_SETSYMLIST;
  callbacks.xxfi_negotiate = on_negotiate;
  callbacks.xxfi_connect = on_connect;
  callbacks.xxfi_helo = on_helo;
  callbacks.xxfi_envfrom = on_envfrom;
  callbacks.xxfi_envrcpt = on_envrcpt;
  callbacks.xxfi_eom = on_eom;
  callbacks.xxfi_close = on_close;
  return smfi_register(callbacks) == MI_SUCCESS;
}

}  // namespace fallbackmx
