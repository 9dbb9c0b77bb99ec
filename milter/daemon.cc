#include "milter/daemon.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "milter/chore.h"
#include "milter/control/control_socket.h"
#include "milter/control/memory_transfer.h"
#include "milter/control/operations.h"
#include "milter/introduction.h"
#include "milter/libmilter/admission.h"
#include "milter/libmilter/handed_socket.h"
#include "milter/libmilter/kick.h"
#include "milter/libmilter/kicker.h"
#include "milter/libmilter/listener.h"
#include "milter/libmilter/socket_address.h"
#include "milter/pages/http.h"
#include "milter/pages/pages.h"
#include "milter/session/callbacks.h"
#include "milter/session/desk.h"
#include "milter/setup/configuration.h"
#include "milter/setup/notify.h"
#include "milter/setup/privileges.h"
#include "milter/setup/replaceable_resolver.h"
#include "milter/setup/start_up.h"
#include "probe/base/log.h"
#include "probe/base/metrics.h"
#include "probe/dns/configured_resolver.h"
#include "probe/dns/counting_resolver.h"
#include "probe/mail/host_port.h"
#include "probe/primary/services.h"
#include "probe/store/store.h"
#include "probe/verifier/verifier.h"
#include "probe/wire/stream.h"

// There in builds that look for leaks, or write down what was run, at an end that we do not have.
extern "C" void __lsan_do_leak_check() __attribute__((weak));
extern "C" void __gcov_dump() __attribute__((weak));

namespace fallbackmx {

namespace {

using namespace std::chrono_literals;

constexpr auto drain_limit = 10s;
constexpr std::chrono::milliseconds longest_wait = 1min;
constexpr auto stop_limit = 6s;   // libmilter's poll takes five
constexpr auto save_limit = 10s;  // for what is still to be written: a disk may be slow, or hang
// libmilter writes a reply after the callback, and tells nobody when it is done.
constexpr auto write_grace = 100ms;

void complain(const std::string& what) {
  const std::string line = "fallbackmx-milter: " + what + '\n';
  [[maybe_unused]] const auto written = write(STDERR_FILENO, line.data(), line.size());
}

/// Each session takes a descriptor, and libmilter spins when there are none.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

/// Everything that lives as long as the process: libmilter's threads may come back to the desk until the very
/// end.
class Daemon {
 public:
  Daemon(const Options& options, const ConfigSources& sources, const Config& config, Signals& signals,
         MilterSocket socket)
      : signals_(signals),
        settings_(config.settings),
        socket_(std::move(socket)),
        place_(spelled_out(socket_)),
        log_(open_log(*settings_, options.verbose)),
        configuration_(sources, config, clock_, *log_, metrics_, [this](const auto& next) { take(next); }),
        replaceable_resolver_(make_resolver(*settings_, loop_, log_.get())),
        streams_(bind_addresses(*settings_)),
        listener_(socket_, settings_->milter_socket_mode, settings_->milter_socket_group) {}

  int run(const Config& config) {
    for (const auto& warning : config.warnings) log_->warning(warning);
    for (const auto& trouble : bind_troubles(*settings_)) log_->warning(trouble);
    if (const auto error = try_to_start()) {
      log_->error(error->text);
      if (settings_->log_target != LogTarget::standard_error) complain(error->text);
      // Clients may be here already.
      if (desk_ == nullptr || desk_->close(1s)) leave_memory();
      return EX_CANTCREAT;
    }
    introduce(place_, *log_);
    ready_ = true;
    notify("READY=1");
    const bool asked = serve();
    ready_ = false;
    notify("STOPPING=1");
    stop();
    return asked ? EX_OK : EX_TEMPFAIL;
  }

 private:
  /// Descriptors, threads or memory may be missing at each step of it.
  std::optional<Error> try_to_start() {
    try {
      return start();
    } catch (const std::exception& trouble) {
      return Error{std::string("cannot start: ") + trouble.what()};
    }
  }

  std::optional<Error> start() {
    if (auto error = listener_.free_to_listen()) return error;
    const auto own = own_address(socket_);
    if (!own) return Error{own.error()};
    kick_ = std::make_unique<Kick>(*own, *log_);
    kicker_ = std::make_unique<Kicker>(*kick_);
    store_ = open_store(*settings_, *log_);
    verifier_ = std::make_unique<Verifier>(
        Services{clock_, resolver_, streams_, *store_, *log_, metrics_, loop_}, settings_);
    desk_ = std::make_unique<Desk>(
        DeskServices{
            .clock = clock_,
            .resolver = resolver_,
            .log = *log_,
            .metrics = metrics_,
            .verify = [this](const Question& q) { return verifier_->verify(q); },
            .wait_begins = [this] { kicker_->wait_begins(); },
            .wait_ends = [this] { kicker_->wait_ends(); },
            .accepted_unverified = [this](const Finding& found) { verifier_->accepted_unverified(found); },
            .relayed = &verifier_->relayed_names()},
        settings_, configuration_.in_force().config.rewriting);
    if (!register_callbacks(*desk_, *log_)) return Error{"libmilter does not take our callbacks"};
    if (auto error = open_http()) return error;
    if (auto error = listener_.open()) return error;
    spare_ = std::make_unique<SpareSession>(*own, *kick_);
    listener_.start(signals_);
    open_control();
    reloading_ = std::make_unique<Chore>([this] { reload(); });
    cleaning_ = std::make_unique<Chore>([this] { clean_up(); });
    return std::nullopt;
  }

  std::optional<Error> open_http() {
    pages_ = std::make_unique<Pages>(PageSources{.clock = clock_,
                                                 .metrics = metrics_,
                                                 .store = *store_,
                                                 .verifier = *verifier_,
                                                 .desk = *desk_,
                                                 .configuration = configuration_,
                                                 .ready = ready_,
                                                 .listens_on = place_.for_libmilter(),
                                                 .started = started_});
    if (settings_->http_listen.empty()) return std::nullopt;
    const auto place = parse_address_port(settings_->http_listen);
    if (!place) return Error{"http_listen: " + place.error()};
    auto server = HttpServer::open(*place, pages_->all());
    if (!server) return Error{server.error()};
    http_ = *std::move(server);
    return std::nullopt;
  }

  /// Without the operator's command one can live.
  void open_control() {
    if (settings_->control_socket.empty()) return;
    operations_ = std::make_unique<Operations>(OperationsServices{
        .clock = clock_,
        .log = *log_,
        .store = *store_,
        .configuration = configuration_,
        .verify = [this](const Question& q) { return verifier_->verify(q); },
        .primaries = [this] { return verifier_->primaries(); },
        .steer = [this](const std::string& key, Verifier::Wish wish) { verifier_->steer(key, wish); },
        .recent = desk_->recent(),
        .milter_socket = place_.for_libmilter(),
        .ready = [this] { return ready_.load(); },
        .started = started_,
        .stale_names = [this] { return verifier_->stale_names(); }});
    auto control = ControlSocket::open(
        settings_->control_socket,
        [this](std::string_view line, const ControlPeer& peer) { return operations_->answer(line, peer); });
    if (!control) return log_->warning(control.error() + "; going on without");
    control_ = *std::move(control);
  }

  void reload() noexcept {
    try {
      configuration_.reload();
    } catch (const std::exception&) {
      log_->error("reload: out of memory; the old configuration stays in force, try again");
    }
  }

  void clean_up() noexcept {
    try {
      const auto settings = configuration_.settings();
      if (settings->address_verify_cache_cleanup_interval > 0s)
        store_->clean_up(clock_.wall(), *settings, most_rows_of_memory);
    } catch (const std::exception&) {
      log_->error("what has expired is not dropped: out of memory; tried again at the next time");
    }
  }

  /// Until somebody asks us to stop (true), or libmilter gives up (false). Waits for signals and for nothing
  /// else: what touches a file is done elsewhere, for a disk may hang.
  bool serve() {
    SteadyTime cleaned = clock_.now();
    for (;;) {
      // A reload may change when that is due.
      const std::optional<Signal> signal = signals_.next(std::min(until_clean_up(cleaned), longest_wait));
      if (signal == Signal::stop) return true;
      if (signal == Signal::milter_ended) {
        log_->error("libmilter has stopped by itself; start again");
        return false;
      }
      if (signal == Signal::reload) reloading_->ask();
      if (until_clean_up(cleaned) > 0ms) continue;
      cleaned = clock_.now();
      cleaning_->ask();
    }
  }

  std::chrono::milliseconds until_clean_up(SteadyTime last) const {
    const auto interval = configuration_.settings()->address_verify_cache_cleanup_interval;
    const auto due = last + (interval > 0s ? interval : 3600s);
    return std::chrono::ceil<std::chrono::milliseconds>(
        std::max(due - clock_.now(), SteadyTime::duration::zero()));
  }

  void take(const Config& next) {
    // What can fail comes first: it is taken by all, or by nobody.
    std::shared_ptr<Resolver> resolver = make_resolver(*next.settings, loop_, log_.get());
    verifier_->reload(next.settings);
    replaceable_resolver_.replace(std::move(resolver));
    desk_->reload(next.settings, next.rewriting);
  }

  void stop() {
    log_->info("stopping");
    desk_->drain();
    verifier_->drain();
    bool waited = false;
    if (!desk_->wait_for_the_last(drain_limit, waited))
      log_->warning("some clients do not get their answer in time");
    if (waited) std::this_thread::sleep_for(write_grace);
    listener_.stop(*kick_, stop_limit);
    spare_.reset();
    http_.reset();
    // Whoever still asks the verifier keeps it from being taken away: a client, an operator, a reload.
    const bool no_operator = done_within(save_limit, [this] { control_.reset(); });
    const bool at_rest = reloading_->rest(1s);
    if (!at_rest)
      log_->error("a reload does not end, for a file that cannot be read or a name that cannot be looked up");
    if (desk_->close(1s) && no_operator && at_rest && !done_within(save_limit, [this] { leave_memory(); }))
      log_->error(settings_->address_verify_map +
                  ": the disk does not answer; what was learned last is not remembered");
    listener_.remove();
    log_->info("stopped");
  }

  /// Nobody asks any more.
  void leave_memory() {
    http_.reset();
    // As long as it takes: who waits for this has a limit.
    if (cleaning_ != nullptr) cleaning_->rest(1h);
    verifier_.reset();
    store_.reset();
  }

  Signals& signals_;
  const std::shared_ptr<const Settings> settings_;  ///< those that we were started with
  const MilterSocket socket_;
  const MilterSocket place_;  ///< the same for people and MTAs, who know nothing of descriptors
  const std::unique_ptr<Log> log_;
  Admission admission_{*log_};
  SystemClock clock_;
  const WallTime started_ = clock_.wall();
  Metrics metrics_;
  LoopThread loop_{clock_};  ///< SMTP sessions and DNS questions
  Configuration configuration_;
  ReplaceableResolver replaceable_resolver_;
  CountingResolver resolver_{replaceable_resolver_, clock_, metrics_};
  TcpStreamFactory streams_;
  Listener listener_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Verifier> verifier_;
  std::unique_ptr<Kick> kick_;
  std::unique_ptr<Kicker> kicker_;
  std::unique_ptr<Desk> desk_;
  std::unique_ptr<SpareSession> spare_;
  std::atomic<bool> ready_{false};
  std::unique_ptr<Pages> pages_;
  std::unique_ptr<HttpServer> http_;
  std::unique_ptr<Operations> operations_;
  std::unique_ptr<ControlSocket> control_;
  std::unique_ptr<Chore> reloading_, cleaning_;
};

}  // namespace

int run_daemon(const Options& options, const ConfigSources& sources, const Config& config, Signals& signals) {
  umask(0007);
  raise_descriptor_limit();
  // Before the socket is made: root must not make, change or remove files where another user could exchange
  // them.
  if (!options.user.empty()) {
    if (const auto error = become(options.user, options.group)) {
      complain(error->text);
      return EX_NOPERM;
    }
  }
  const auto handed = handed_socket();
  if (!handed) {
    complain(handed.error());
    return EX_CANTCREAT;
  }
  auto socket = *handed ? Result(**handed) : MilterSocket::parse(config.settings->milter_socket);
  if (!socket) {
    complain("milter_socket: " + socket.error());
    return EX_CONFIG;
  }
  // Never deleted, see the class.
  auto* daemon = new Daemon(options, sources, config, signals, *std::move(socket));
  const int status = daemon->run(config);
  if (__lsan_do_leak_check != nullptr) __lsan_do_leak_check();
  if (__gcov_dump != nullptr) __gcov_dump();
  return status;
}

}  // namespace fallbackmx
