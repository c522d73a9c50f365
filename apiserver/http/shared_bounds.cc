#include "apiserver/http/shared_bounds.h"

#include <algorithm>
#include <utility>

#include "apiserver/http/connection.h"
#include "apiserver/http/metrics.h"

namespace gantry::apiserver {

SharedBounds::Handshake::Handshake(SharedBounds* bounds, Connection* connection)
    : bounds_(bounds), place_(bounds->handshakes_.insert(bounds->handshakes_.end(), connection)) {
  if (bounds->handshakes_.size() <= bounds->limits_.handshakes) return;
  Connection* const oldest = bounds->handshakes_.front();
  if (oldest == connection) return;
  EndedConnections().handshakes.Increment();
  oldest->Raise(Connection::kExpired);
}

SharedBounds::Handshake::~Handshake() { bounds_->handshakes_.erase(place_); }

void SharedBounds::Body::Release() {
  bounds_->body_bytes_ -= std::exchange(bytes_, 0);
  if (std::exchange(receiving_, false)) bounds_->receiving_.erase(place_);
}

bool SharedBounds::Body::Hold(size_t bytes, bool complete) {
  std::list<Connection*>& receiving = bounds_->receiving_;
  const size_t more = bytes - bytes_;
  while (bounds_->body_bytes_ + more > bounds_->limits_.body_bytes) {
    const size_t before = receiving.size();
    if (before == 0 || receiving.front() == connection_) return false;
    EndedConnections().bodies.Increment();
    receiving.front()->Raise(Connection::kExpired);
    if (receiving.size() == before) return false;
  }
  bounds_->body_bytes_ += more;
  bounds_->body_peak_ = std::max(bounds_->body_peak_, bounds_->body_bytes_);
  bytes_ = bytes;
  if (complete == receiving_) {
    if (complete) {
      receiving.erase(place_);
    } else {
      place_ = receiving.insert(receiving.end(), connection_);
    }
    receiving_ = !complete;
  }
  return true;
}

SharedBounds::Compressor::Compressor(SharedBounds* bounds, bool wanted)
    : bounds_(wanted && bounds->compressors_ < bounds->limits_.compressors ? bounds : nullptr) {
  if (bounds_ != nullptr) ++bounds_->compressors_;
}

SharedBounds::Compressor::~Compressor() {
  if (bounds_ != nullptr) --bounds_->compressors_;
}

}  // namespace gantry::apiserver
