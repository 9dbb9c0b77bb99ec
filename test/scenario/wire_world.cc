#include "test/fake/jump_clock.h"
#include "test/fake/wire_streams.h"
#include "test/scenario/world.h"

namespace fallbackmx {

namespace {

using namespace std::chrono_literals;

// How long to wait for the sockets to come to rest, or for what should come true. Only a failing test waits
// that long.
constexpr auto patience = 60s;
constexpr auto between_looks = 2ms;
// Idle sessions leave within this time: they do so before anything else happens.
constexpr auto first_jump = 15s;

class WireWorld final : public World {
 public:
  WireWorld() : streams_(clock_) {}

  Clock& clock() override { return clock_; }
  StreamFactory& streams() override { return streams_; }

  void serve(const std::string& address, std::uint16_t port,
             std::shared_ptr<ScriptedServer> server) override {
    streams_.serve(address, port, std::move(server));
  }
  void servers_changed() override { streams_.wire().look_again(); }
  std::vector<std::string> strays() const override { return streams_.strays(); }

  void pass_until(Sleeper& sleeper, SteadyTime at, const std::function<bool()>& busy) override {
    while (busy() && clock_.now() < at) sleeper.sleep_until(at);
    if (clock_.now() >= at) return;
    come_to_rest(sleeper);
    skip(sleeper, std::min(at, clock_.now() + first_jump));
    skip(sleeper, at);
  }

  bool comes_true(Sleeper& sleeper, const std::function<bool()>& condition) override {
    const auto until = clock_.now() + patience;
    while (!condition() && clock_.now() < until) sleeper.sleep_until(clock_.now() + between_looks);
    return condition();
  }

  void jump_wall(std::chrono::seconds by) override { clock_.jump_wall(by); }
  /// How long an answer takes is measured by the memory player; here the machine may be busy.
  Span tolerance() const override { return 30s; }

 private:
  void skip(Sleeper& sleeper, SteadyTime at) {
    if (const auto left = at - clock_.now(); left > Span(0)) clock_.jump(left);
    streams_.wire().look_again();
    come_to_rest(sleeper);
  }

  /// Time must not jump while a reply is on the wire: that would make it late.
  void come_to_rest(Sleeper& sleeper) {
    int quiet = 0;
    comes_true(sleeper, [&] {
      quiet = clock_.all_asleep(sleeper) && streams_.wire().idle() ? quiet + 1 : 0;
      return quiet >= 3;
    });
  }

  JumpClock clock_;
  WireStreamFactory streams_;
};

}  // namespace

std::unique_ptr<World> make_wire_world() { return std::make_unique<WireWorld>(); }

}  // namespace fallbackmx
