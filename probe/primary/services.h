// The seams, handed around together.
#pragma once

namespace fallbackmx {

class Clock;
class Resolver;
class StreamFactory;
class Store;
class Log;
class Metrics;
class Loop;

/// References only; whoever made the services keeps them alive longer than everybody who uses them.
struct Services {
  Clock& clock;
  Resolver& resolver;
  StreamFactory& streams;
  Store& store;
  Log& log;
  Metrics& metrics;
  Loop& loop;
};

}  // namespace fallbackmx
