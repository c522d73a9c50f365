#include "apiserver/server/encryption_endpoint.h"

#include "apis/machinery/base/json.h"
#include "apis/machinery/base/log.h"
#include "apis/machinery/base/metrics.h"
#include "apiserver/http/status_response.h"

namespace gantry::apiserver {
namespace {

constexpr char kUnsealed[] = "(none)";

const metrics::Collected& StaleFamily() {
  static const auto* const family = new metrics::Collected(
      "gantry_encryption_stale_objects", metrics::Kind::kGauge,
      "Stored objects that are not encrypted as they would be if they were written now, by the key "
      "that they are encrypted with; `(none)` are those that are not but should be.",
      {"key"});
  return *family;
}

void CollectStale(const store::EncryptedStore& store, std::vector<prometheus::MetricFamily>* out) {
  std::map<std::string, double> objects{{kUnsealed, 0}};
  for (const auto& key : store.keyring().keys()) objects[key->id().name] = 0;
  for (const auto& stale : store.stale()) {
    objects[stale.by.name.empty() ? kUnsealed : stale.by.name] += static_cast<double>(stale.values);
  }
  std::vector<metrics::Collected::Sample> samples;
  for (const auto& [key, count] : objects) samples.push_back({{key}, count});
  StaleFamily().AppendTo(out, samples);
}

std::shared_ptr<void> Collect(const store::EncryptedStore* store) {
  DeclareEncryptionMetrics();
  if (store == nullptr) return nullptr;
  return metrics::AddCollector(
      [store](std::vector<prometheus::MetricFamily>* out) { CollectStale(*store, out); });
}

Json KeyJson(const store::SealedBy& key) {
  return {{"name", key.name}, {"fingerprint", key.fingerprint}};
}

}  // namespace

void DeclareEncryptionMetrics() { StaleFamily(); }

EncryptionEndpoint::EncryptionEndpoint(store::EncryptedStore* store, const CacheSet* caches)
    : store_(store), caches_(caches), collector_(Collect(store)) {}

EncryptionEndpoint::~EncryptionEndpoint() { stop_.Cancel(); }

Response EncryptionEndpoint::Reencrypt() {
  if (store_ == nullptr) return Describe();
  {
    MutexLock lock(&mu_);
    if (state_ != State::kRunning) {
      state_ = State::kRunning;
      error_.clear();
      pool_.Post([this] {
        const Status ended = Renew();
        if (!ended.ok()) LOG_WARN("objects were not encrypted anew", {"error", ended.error()});
        MutexLock done(&mu_);
        state_ = ended.ok() ? State::kDone : State::kFailed;
        if (!ended.ok()) error_ = ended.error().message;
      });
    }
  }
  return Describe();
}

Status EncryptionEndpoint::Renew() {
  constexpr auto kLook = std::chrono::milliseconds(2);
  GANTRY_TRY(store_->Reseal(stop_));
  const store::Revision now = store_->current_revision();
  // The caches' own watch must not lose what it has not seen.
  while (caches_->revision() < now) GANTRY_TRY(stop_.SleepFor(kLook));
  GANTRY_TRY(store_->Compact(now));
  return store_->Purge();
}

Response EncryptionEndpoint::Describe() {
  if (store_ == nullptr) {
    return ErrorResponse(Error(Code::kNotFound, "this server's store is not encrypted"));
  }
  const store::Keyring& keyring = store_->keyring();
  Json body = {{"keys", Json::array()}, {"writes", Json::object()}, {"stale", Json::array()}};
  for (const auto& key : keyring.keys()) body["keys"].push_back(KeyJson(key->id()));
  for (const std::string& prefix : keyring.Prefixes()) {
    const store::SealingKey* const key = keyring.KeyFor(prefix);
    body["writes"][prefix] = key == nullptr ? Json() : Json(key->id().name);
  }
  for (const auto& stale : store_->stale()) {
    Json item = KeyJson(stale.by);
    item["objects"] = stale.values;
    body["stale"].push_back(std::move(item));
  }
  MutexLock lock(&mu_);
  constexpr const char* kNames[] = {"none", "running", "done", "failed"};
  body["reencryption"] = kNames[static_cast<size_t>(state_)];
  if (!error_.empty()) body["error"] = error_;
  Response response;
  response.body = DumpJson(body);
  return response;
}

}  // namespace gantry::apiserver
