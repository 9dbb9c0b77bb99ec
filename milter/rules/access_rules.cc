#include "milter/rules/access_rules.h"

#include "milter/rules/access_lookup.h"
#include "milter/rules/relaying.h"

namespace fallbackmx {

AccessRow look_up(const Rule& rule, const Settings& settings, const Client& client,
                  std::string_view client_text, const Envelope& envelope) {
  const AccessTable& table = *rule.table;
  const AddressForm form{settings.recipient_delimiter, settings.myhostname};
  switch (rule.restriction) {
    case Restriction::check_client_access:
      return {look_up_client(table, client), {client_text, client_host}};
    case Restriction::check_helo_access:
      if (!client.has_helo()) return {};
      return {look_up_helo(table, *client.helo), {*client.helo, helo_command}};
    case Restriction::check_sender_access:
      return {envelope.sender_given.empty() ? table.find("<>", true)
                                            : look_up_address(table, envelope.sender, form),
              {envelope.sender_given, sender_address}};
    default:
      return {look_up_address(table, envelope.recipient, form),
              {envelope.recipient_given, recipient_address}};
  }
}

Answer answer_of(const AccessAction& action, Subject subject, const Settings& settings) {
  using Kind = AccessAction::Kind;
  const auto say = [&](int code, std::string_view otherwise) {
    return rejected(code, action.dsn, subject, action.text.empty() ? otherwise : action.text);
  };
  const int defer_code = settings.access_map_defer_code;
  switch (action.kind) {
    case Kind::permit:
      return permit_if(true);
    case Kind::reject:
      return say(settings.access_map_reject_code, "Access denied");
    case Kind::defer:
      return say(defer_code, "Access denied");
    case Kind::reply:
      return say(action.code, "Access denied");
    case Kind::defer_if_permit:
      return {Answer::Kind::defer_if_permit, say(defer_code, "Service unavailable").reply};
    case Kind::defer_if_reject:
      return {Answer::Kind::defer_if_reject, say(defer_code, "Service unavailable").reply};
    case Kind::dunno:
    case Kind::warn:
    case Kind::rules:
      break;
  }
  return {};
}

}  // namespace fallbackmx
