#include "milter/rules/recipient_question.h"

#include "milter/rules/client_network.h"
#include "milter/rules/relaying.h"

namespace fallbackmx {

namespace {

/// Without a next hop of its own, LMTP goes to the recipient's domain.
std::string next_hop_of_mta(const Envelope& envelope) {
  if (!is_lmtp(envelope)) return envelope.next_hop;
  return "lmtp:" + (envelope.next_hop.empty() ? envelope.domain() : envelope.next_hop);
}

}  // namespace

Question question_for(const Client& client, const Envelope& envelope, const Settings& settings,
                      const RecipientPolicy* policy) {
  Question question{.recipient = envelope.recipient, .next_hop = next_hop_of_mta(envelope), .deadline = {}};
  if (client.address) question.client = client_network(*client.address);
  if (auto other = settings.address_verify_transport_maps.find(envelope.recipient))
    question.next_hop = *std::move(other);
  // Whether a primary is up nobody knows from memory.
  const DomainSettings& of_domain = policy == nullptr ? settings : *policy->settings;
  if (of_domain.primary_up_action == UpAction::defer) question.of = Question::Of::primary;
  if (policy == nullptr) return question;
  if (!policy->next_hop.empty()) question.next_hop = policy->next_hop;
  if (policy->sets("smtp_tls_security_level")) question.tls = of_domain.smtp_tls_security_level;
  if (policy->sets("address_verify_sender")) question.sender = of_domain.address_verify_sender;
  if (policy->sets("answer_timeout")) question.patience = of_domain.answer_timeout;
  return question;
}

Finding unreadable(const Envelope& envelope) {
  return {.verdict = Verdict::refused,
          // Of an address that nobody can read no domain is known. LMTP goes to a server that is set.
          .from_mx = !is_lmtp(envelope) && (envelope.next_hop.empty() || envelope.next_hop.front() != '['),
          .why = "not asked: this is no address that a primary can be asked about"};
}

}  // namespace fallbackmx
