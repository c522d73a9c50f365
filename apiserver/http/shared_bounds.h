#pragma once

#include <cstddef>
#include <list>
#include <utility>

namespace gantry::apiserver {

class Connection;

// What the connections of a shard may hold together, so that many of them take no more memory than
// a few. Where there is no room, those that have held theirs for the longest without getting done
// end: a client that means it is done long before. On the shard's thread only.
class SharedBounds {
 public:
  struct Limits {
    size_t handshakes = 0;
    size_t body_bytes = 0;
    int compressors = 0;
  };
  explicit SharedBounds(const Limits& limits) : limits_(limits) {}

  // Holds a place among the handshakes that are under way.
  class Handshake {
   public:
    Handshake(SharedBounds* bounds, Connection* connection);
    ~Handshake();
    Handshake(const Handshake&) = delete;
    Handshake& operator=(const Handshake&) = delete;

   private:
    SharedBounds* const bounds_;
    const std::list<Connection*>::iterator place_;
  };

  // Holds the bytes of a body, from its arrival until its handler has read it.
  class Body {
   public:
    Body(SharedBounds* bounds, Connection* connection) : bounds_(bounds), connection_(connection) {}
    ~Body() { Release(); }
    Body(const Body&) = delete;
    Body& operator=(const Body&) = delete;

    // The body has so many bytes by now, and is complete or not. False: there is no room for it.
    bool Hold(size_t bytes, bool complete);
    void Release();

   private:
    SharedBounds* const bounds_;
    Connection* const connection_;
    size_t bytes_ = 0;
    bool receiving_ = false;
    std::list<Connection*>::iterator place_{};
  };

  // Holds one of the few compressors; false in a condition: there is none left.
  class Compressor {
   public:
    // With `wanted` false it takes none.
    Compressor(SharedBounds* bounds, bool wanted);
    ~Compressor();
    Compressor(const Compressor&) = delete;
    Compressor& operator=(const Compressor&) = delete;
    explicit operator bool() const { return bounds_ != nullptr; }

   private:
    SharedBounds* const bounds_;
  };

  // The most bytes of bodies that were held since the last call.
  size_t TakeBodyPeak() { return std::exchange(body_peak_, body_bytes_); }

 private:
  const Limits limits_;
  std::list<Connection*> handshakes_;  // longest first
  std::list<Connection*> receiving_;   // longest first
  size_t body_bytes_ = 0;
  size_t body_peak_ = 0;
  int compressors_ = 0;
};

}  // namespace gantry::apiserver
