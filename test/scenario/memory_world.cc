#include "test/fake/memory_streams.h"
#include "test/fake/simulation.h"
#include "test/scenario/world.h"

namespace fallbackmx {

namespace {

class MemoryWorld final : public World {
 public:
  explicit MemoryWorld(Span round_trip) : streams_(simulation_, round_trip) {}

  Clock& clock() override { return simulation_; }
  StreamFactory& streams() override { return streams_; }

  void serve(const std::string& address, std::uint16_t port,
             std::shared_ptr<ScriptedServer> server) override {
    streams_.serve(address, port, std::move(server));
  }
  void servers_changed() override { streams_.servers_changed(); }
  std::vector<std::string> strays() const override { return streams_.strays(); }

  void pass_until(Sleeper& sleeper, SteadyTime at, const std::function<bool()>&) override {
    while (sleeper.sleep_until(at)) {
    }
  }

  bool comes_true(Sleeper& sleeper, const std::function<bool()>& condition) override {
    // Whoever can do something at this moment does it before any time passes.
    pass_until(sleeper, simulation_.now() + Span(1), {});
    return condition();
  }

  void jump_wall(std::chrono::seconds by) override { simulation_.jump_wall(by); }
  Span tolerance() const override { return Span(0); }

 private:
  Simulation simulation_;
  MemoryStreamFactory streams_;
};

}  // namespace

std::unique_ptr<World> make_memory_world(Span round_trip) {
  return std::make_unique<MemoryWorld>(round_trip);
}

}  // namespace fallbackmx
