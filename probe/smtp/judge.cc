#include "probe/smtp/judge.h"

namespace fallbackmx {

namespace {

using Next = Judgement::Next;

Judgement land(Verdict verdict) { return {.next = Next::land, .verdict = verdict}; }

/// The connection is of no use for any other recipient either.
Judgement land_and_end(Verdict verdict, bool alarm = false) {
  return {.next = Next::land, .verdict = verdict, .alarm = alarm, .end_session = true};
}

/// 2xx, 4xx and 5xx mean something everywhere. Anything else, or a reply that contradicts itself, is a server
/// we do not understand.
bool is_understood(const SmtpReply& reply) {
  return !reply.contradictory && (reply.category() == 2 || reply.category() == 4 || reply.category() == 5);
}

/// 5xx replies that speak of the dialogue, not of a recipient, even when they answer RCPT: syntax, sequence,
/// TLS or authentication required, "does not accept mail" (RFC 5321 section 4.2.3, RFC 3207, RFC 4954, RFC
/// 7504).
bool speaks_of_the_dialogue(int code) {
  switch (code) {
    case 500:
    case 502:
    case 503:
    case 504:
    case 521:
    case 530:
    case 534:
    case 535:
    case 538:
      return true;
    default:
      return false;
  }
}

Judgement judge_greeting(const SmtpReply& reply, const Circumstances& circumstances) {
  if (reply.category() == 4) return land_and_end(Verdict::unavailable);
  // An MTA keeps such mail queued and tries again: it is no word about recipients.
  if (reply.category() == 5) return land_and_end(Verdict::unavailable, true);
  if (circumstances.own_name) return land_and_end(Verdict::misrouted, true);
  return {};
}

Judgement judge_ehlo(const SmtpReply& reply, const Circumstances& circumstances) {
  // EHLO, MAIL and RSET succeed with 250 and nothing else (RFC 5321 section 4.3.2). Another 2xx belongs to
  // another command.
  if (reply.category() == 2 && reply.code != 250) return land_and_end(Verdict::refused, true);
  if (reply.category() == 4) return land_and_end(Verdict::unavailable);
  if (reply.category() == 5) {
    if (!circumstances.helo_tried && !circumstances.tls_required) return {.next = Next::try_helo};
    return land_and_end(Verdict::refused, true);
  }
  if (circumstances.own_name) return land_and_end(Verdict::misrouted, true);
  return {};
}

Judgement judge_starttls(const SmtpReply* reply, const Circumstances& circumstances) {
  if (reply != nullptr && !reply->contradictory && reply->category() == 2) return {};
  if (!circumstances.tls_required) return {.next = Next::try_plaintext, .end_session = true};
  return land_and_end(Verdict::refused, true);
}

Judgement judge_mail(const SmtpReply& reply, const Circumstances& circumstances) {
  if (reply.code == 250) return {};
  if (reply.category() == 2) return land_and_end(Verdict::refused, true);
  if (reply.category() == 4) {
    return {.next = Next::land, .verdict = Verdict::unavailable, .end_session = reply.code == 421};
  }
  if (reply.code == 503 && circumstances.pipelined) {
    return {.next = Next::try_without_pipelining, .end_session = true};
  }
  if (circumstances.fallback_sender_left) return {.next = Next::try_fallback_sender};
  return {.next = Next::land, .verdict = Verdict::refused, .alarm = true};
}

/// What the rejection speaks of says what it needs to be believed (DESIGN 4.1, the table of proof).
Judgement judge_rejection(const Circumstances& circumstances) {
  const Judgement not_believed{.next = Next::land, .verdict = Verdict::refused, .alarm = true};
  switch (circumstances.subject) {
    case RejectionSubject::address:
      if (circumstances.proven) return land(Verdict::undeliverable);
      return {.next = Next::ask_control, .verdict = Verdict::undeliverable};
    case RejectionSubject::sender:
      if (circumstances.fallback_sender_left) return {.next = Next::try_fallback_sender};
      return not_believed;
    case RejectionSubject::us:
      // Under <> it may be a rule about bounces, for this recipient alone.
      if (circumstances.null_sender && circumstances.fallback_sender_left)
        return {.next = Next::try_fallback_sender};
      if (circumstances.null_sender) return not_believed;
      return {.next = Next::ask_real_recipient, .verdict = Verdict::undeliverable};
    case RejectionSubject::rate:
      break;
  }
  return not_believed;
}

Judgement judge_rcpt(const SmtpReply& reply, const Circumstances& circumstances) {
  if (reply.category() == 2) return land(Verdict::deliverable);
  if (reply.category() == 4) {
    // 4.3.x is "mail system": full disk, shutting down. 421 says the same of the whole channel.
    if (reply.code == 421) return land_and_end(Verdict::unavailable);
    return land(reply.dsn.starts_with("4.3.") ? Verdict::unavailable : Verdict::deferred);
  }
  if (mailbox_full(reply)) return land(Verdict::deferred);
  if (reply.code == 503 && circumstances.pipelined) {
    return {.next = Next::try_without_pipelining, .end_session = true};
  }
  if (speaks_of_the_dialogue(reply.code)) {
    return {.next = Next::land, .verdict = Verdict::refused, .alarm = true};
  }
  return judge_rejection(circumstances);
}

}  // namespace

std::string_view in_words(const Judgement& judgement) {
  switch (judgement.next) {
    case Next::go_on:
    case Next::keep:
      return "well";
    case Next::land:
      return to_string(judgement.verdict);
    case Next::try_helo:
      return "no EHLO, once more with HELO";
    case Next::try_plaintext:
      return "no TLS, once more without";
    case Next::try_fallback_sender:
      return "not with this sender, once more with probe_fallback_sender";
    case Next::try_without_pipelining:
      return "out of order, once more with one command at a time";
    case Next::ask_control:
      return "a rejection without proof, a control recipient is asked for";
    case Next::ask_real_recipient:
      return "a rejection that may speak of us, a recipient that is known to exist is asked for";
    case Next::drop_session:
      break;
  }
  return "nothing, the session ends";
}

bool mailbox_full(const SmtpReply& reply) {
  if (reply.code == 552) return true;
  const auto detail = reply.dsn.size() > 1 ? reply.dsn.substr(1) : std::string();
  return detail == ".2.2" || detail == ".2.3";
}

Judgement judge(const Occurrence& occurrence, const Circumstances& circumstances) {
  const SmtpReply* reply = occurrence.reply;
  switch (occurrence.stage) {
    case Stage::rset:
    case Stage::quit: {
      const int expected = occurrence.stage == Stage::rset ? 250 : 221;
      const bool well = reply != nullptr && !reply->contradictory && reply->code == expected;
      return {.next = well ? Next::keep : Next::drop_session, .end_session = !well};
    }
    case Stage::starttls:
      return judge_starttls(reply, circumstances);
    default:
      break;
  }
  if (reply == nullptr) return land_and_end(Verdict::unavailable);
  if (!is_understood(*reply)) return land_and_end(Verdict::refused, true);
  switch (occurrence.stage) {
    case Stage::greeting:
      return judge_greeting(*reply, circumstances);
    case Stage::ehlo:
      return judge_ehlo(*reply, circumstances);
    case Stage::mail:
      return judge_mail(*reply, circumstances);
    case Stage::rcpt:
      return judge_rcpt(*reply, circumstances);
    default:
      // No reply belongs to a lookup or a connection attempt.
      return land_and_end(Verdict::refused, true);
  }
}

}  // namespace fallbackmx
