#include "conf/rewriting_tables.h"

#include <fmt/format.h>

#include <utility>

#include "conf/grammar/braced_words.h"
#include "conf/main_cf.h"
#include "conf/tables/domain_names.h"
#include "conf/tables/lookup_table.h"

namespace fallbackmx {

namespace {

class Opening {
 public:
  Opening(const Settings& settings, std::vector<std::string>& warnings)
      : settings_(settings), main_(MainCf::read(settings.postfix_config_directory)), warnings_(warnings) {
    if (main_.error().empty()) return;
    warnings_.push_back(
        fmt::format("postfix_config_directory: {}: if its virtual_alias_maps, recipient_canonical_maps or "
                    "canonical_maps rewrite recipients of relayed domains, set them in milter.conf",
                    main_.error()));
  }

  std::shared_ptr<const RecipientRewriting> run() {
    RecipientRewriting::Tables tables;
    tables.recipient_canonical = open("recipient_canonical_maps", settings_.recipient_canonical_maps);
    tables.canonical = open("canonical_maps", settings_.canonical_maps);
    tables.virtual_alias = open("virtual_alias_maps", settings_.virtual_alias_maps);
    tables.recipient_delimiter = of_main("recipient_delimiter");
    const std::string kept = main_.there() ? of_main("propagate_unmatched_extensions") : "canonical, virtual";
    tables.canonical_keeps_extension = kept.find("canonical") != std::string::npos;
    tables.virtual_keeps_extension = kept.find("virtual") != std::string::npos;
    return std::make_shared<const RecipientRewriting>(std::move(tables), domains());
  }

 private:
  /// A list that cannot be read is not known.
  RecipientRewriting::Domains domains() {
    RecipientRewriting::Domains domains;
    if (auto relayed = DomainList::parse(of_main("relay_domains"))) domains.relayed = *std::move(relayed);
    for (const auto* list : {"mydestination", "virtual_alias_domains", "virtual_mailbox_domains"}) {
      for (auto& name : domain_names(of_main(list))) domains.final.insert(std::move(name));
    }
    if (auto networks = NetworkList::parse(of_main("mynetworks"))) domains.clients = *std::move(networks);
    return domains;
  }

  std::string of_main(std::string_view name) {
    std::string problem;
    auto value = main_.value(name, problem);
    if (!problem.empty()) warnings_.push_back(problem + ": set it in milter.conf");
    return std::move(value).value_or("");
  }

  RecipientRewriting::Find open(std::string_view name, const std::string& ours) {
    const std::string list = ours.empty() ? of_main(name) : ours;
    std::vector<std::shared_ptr<const LookupTable>> tables;
    for (const std::string& each : split_braced_words(list)) {
      auto table = LookupTable::open(each);
      if (table) {
        tables.push_back(*std::move(table));
        continue;
      }
      warnings_.push_back(fmt::format(
          "{}: {}; recipients whom it gives a new address may be refused: write them into a table that can "
          "be read here, and set {} in milter.conf",
          name, table.error(), name));
    }
    if (tables.empty()) return {};
    return [tables = std::move(tables)](std::string_view key, bool whole) -> std::optional<std::string> {
      for (const auto& table : tables) {
        if (auto match = table->find(key, whole)) return std::move(match->text);
      }
      return std::nullopt;
    };
  }

  const Settings& settings_;
  const MainCf main_;
  std::vector<std::string>& warnings_;
};

}  // namespace

std::shared_ptr<const RecipientRewriting> open_rewriting_tables(const Settings& settings,
                                                                std::vector<std::string>& warnings) {
  return Opening(settings, warnings).run();
}

}  // namespace fallbackmx
