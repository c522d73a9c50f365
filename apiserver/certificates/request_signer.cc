#include "apiserver/certificates/request_signer.h"

#include "apis/machinery/base/encoding.h"
#include "apis/machinery/base/log.h"
#include "apis/machinery/meta/certificate_request.h"
#include "apis/machinery/meta/condition.h"
#include "apiserver/certificates/client_requests.h"
#include "apiserver/certificates/metrics.h"
#include "apiserver/registry/codec.h"
#include "apiserver/registry/system_user.h"
#include "apiserver/storage/keys.h"

namespace gantry::apiserver {
namespace {

constexpr char kResource[] = "certificatesigningrequests";

}  // namespace

void RequestSigner::Follow(CacheSet* caches) {
  caches->SetHook({kCertificatesGroup, kResource}, [this](const Entry& entry, bool deleted) {
    if (!deleted) Changed(entry);
  });
}

void RequestSigner::Changed(const Entry& entry) {
  MutexLock lock(&mu_);
  changed_.insert(ParseRelativeKey(entry.key()).name);
  newest_ = std::max(newest_, entry.revision());
  wake_.SignalAll();
}

void RequestSigner::Start() {
  thread_ = std::thread([this] { Run(); });
}

void RequestSigner::Stop() {
  {
    MutexLock lock(&mu_);
    stopping_ = true;
    wake_.SignalAll();
  }
  if (thread_.joinable()) thread_.join();
}

bool RequestSigner::AwaitCaches(store::Revision revision) {
  CacheSet* const caches = registry_->deps().caches;
  caches->WaitUntil(revision, [this] {
    MutexLock lock(&mu_);
    wake_.SignalAll();
  });
  MutexLock lock(&mu_);
  while (!stopping_ && caches->revision() < revision) wake_.Wait(&mu_);
  return !stopping_;
}

void RequestSigner::Run() {
  const Clock* const clock = Clock::Real();  // intervals pass also when a test stops the clock
  MonoTime next = clock->Mono() + options_.period;
  while (true) {
    std::set<std::string> changed;
    store::Revision revision = 0;
    {
      MutexLock lock(&mu_);
      if (stopping_) return;
      if (changed_.empty() && clock->Mono() < next) {
        wake_.WaitUntil(&mu_, next);
        continue;
      }
      changed.swap(changed_);
      revision = newest_;
    }
    const Result<Target> target =
        registry_->deps().kinds->Find(kCertificatesGroup, "v1", kResource);
    if (!target.ok() || !AwaitCaches(revision)) return;
    for (const std::string& name : changed) Sign(*target, name);
    if (clock->Mono() < next) continue;
    ReviewAll(*target);
    next = clock->Mono() + options_.period;
  }
}

Result<Object> RequestSigner::Read(const Target& target, const std::string& name) const {
  GANTRY_TRY_SET(const EntryPtr entry, registry_->Get(target, "", name));
  GANTRY_TRY_SET(Json json, DecodeEntry(target, *entry));
  return Object(std::move(json));
}

void RequestSigner::Sign(const Target& target, const std::string& name) {
  if (options_.authority == nullptr) return;
  const Result<Object> request = Read(target, name);
  if (!request.ok() || !AwaitsSigning(*request)) return;
  const WallTime now = registry_->deps().clock->Now();
  const Result<std::string> certificate = SignRequest(*options_.authority, *request, now);
  // A fault of ours is tried again with the next look at all of them.
  if (!certificate.ok() && certificate.code() != Code::kInvalid) {
    LOG_ERROR("certificate was not made", {"request", name}, {"error", certificate.error()});
    return;
  }
  Mutation mutation;
  mutation.apply = [&](const Json& current) -> Result<Json> {
    Object object(current);
    if (!AwaitsSigning(object) || object.uid() != request->uid()) return current;
    if (certificate.ok()) {
      object.mutable_status()["certificate"] = Base64Encode(*certificate);
    } else {
      SetCondition(
          &object.mutable_status(),
          {kConditionFailed, "True", "SignerValidationFailed", certificate.error().message, 0},
          now);
    }
    return object.json();
  };
  std::vector<std::string> warnings;
  WriteScope scope = SystemScope(target, {"", name}, Context(), &warnings);
  scope.subresource = "status";
  const Result<Written> written = RunBlocking(registry_->Update(scope, mutation));
  if (!written.ok()) {
    LOG_WARN("certificate request was not written", {"request", name}, {"error", written.error()});
    return;
  }
  SignerMetrics& metrics = SignerMetrics::Get();
  (certificate.ok() ? metrics.issued : metrics.refused).Increment();
  if (certificate.ok()) {
    const auto info = ReadCertificateInfo(*certificate);
    LOG_INFO("certificate issued", {"request", name}, {"user", info.ok() ? info->common_name : ""},
             {"until", info.ok() ? FormatTime(info->not_after) : ""});
  } else {
    LOG_INFO("certificate refused", {"request", name}, {"error", certificate.error()});
  }
}

void RequestSigner::ReviewAll(const Target& target) {
  std::vector<std::string> names;
  const Snapshot snapshot = target.kind->cache->Current();
  for (Tree::Iterator it(snapshot.tree, ""); it.Valid(); it.Next()) {
    names.push_back(ParseRelativeKey(it.entry()->key()).name);
  }
  for (const std::string& name : names) {
    {
      MutexLock lock(&mu_);
      if (stopping_) return;
    }
    const Result<Object> request = Read(target, name);
    if (!request.ok()) continue;
    if (!IsOver(*request, registry_->deps().clock->Now())) {
      Sign(target, name);
      continue;
    }
    std::vector<std::string> warnings;
    DeleteOptions options;
    options.uid = std::string(request->uid());
    options.resource_version = std::string(request->resource_version());
    const WriteScope scope = SystemScope(target, {"", name}, Context(), &warnings);
    const auto deleted = RunBlocking(registry_->Delete(scope, options));
    if (!deleted.ok() && deleted.code() != Code::kNotFound && deleted.code() != Code::kConflict) {
      LOG_WARN("old certificate request was not deleted", {"request", name},
               {"error", deleted.error()});
    }
  }
}

}  // namespace gantry::apiserver
