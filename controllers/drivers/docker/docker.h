#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "apis/machinery/base/context.h"
#include "controllers/drivers/docker/types.h"

// One Docker Engine, over its HTTP API.
//
// Everything here is thread-safe and blocks its caller, never longer than the context's deadline or
// the call's own limit, whichever is earlier, and ends at once when the context is cancelled.
//
// Errors: kNotFound (404), kConflict (409: the name is taken, the container runs, the network is in
// use), kBadRequest (400), kUnavailable (nobody answers, the connection broke, or the daemon said
// 503), kTimeout, kInternal (500 and the rest), each with the engine's own message. What is already
// so is success: starting what runs, stopping what is stopped, removing what is gone.
namespace gantry::docker {

class ContainerApi {
 public:
  virtual ~ContainerApi() = default;
  // Stopped ones too.
  virtual Result<std::vector<ContainerSummary>> ListContainers(const Context& ctx,
                                                               const LabelFilter& filter) = 0;
  // By id, prefix of an id, or name.
  virtual Result<ContainerDetails> InspectContainer(const Context& ctx, std::string_view id) = 0;
  // The id. kConflict when the name is taken; kNotFound when the image or a network is absent.
  virtual Result<std::string> CreateContainer(const Context& ctx,
                                              const ContainerConfig& config) = 0;
  virtual Status StartContainer(const Context& ctx, std::string_view id) = 0;
  // Sends the stop signal, and SIGKILL after `grace`. The call may last that long and a bit more.
  virtual Status StopContainer(const Context& ctx, std::string_view id, Duration grace) = 0;
  virtual Status KillContainer(const Context& ctx, std::string_view id,
                               std::string_view signal) = 0;
  // With its anonymous volumes. kConflict when it runs, unless `force`.
  virtual Status RemoveContainer(const Context& ctx, std::string_view id, bool force) = 0;
  virtual Status UpdateContainer(const Context& ctx, std::string_view id,
                                 const ContainerUpdate& update) = 0;
  virtual Status RenameContainer(const Context& ctx, std::string_view id,
                                 std::string_view name) = 0;
  // Blocks until the container does not run; its exit code. No limit but the context's.
  virtual Result<int> WaitContainer(const Context& ctx, std::string_view id) = 0;
};

class ImageApi {
 public:
  virtual ~ImageApi() = default;
  // Pulls exactly the tag or digest that `reference` names, `latest` when it names none, and
  // returns when all is on the host. kNotFound when the registry says that there is no such image
  // or that it may not be seen; kInternal when the registry cannot be reached.
  virtual Status PullImage(const Context& ctx, std::string_view reference,
                           std::string_view platform, const RegistryAuth* auth) = 0;
  virtual Result<ImageDetails> InspectImage(const Context& ctx, std::string_view reference) = 0;
  virtual Result<std::vector<ImageDetails>> ListImages(const Context& ctx) = 0;
  virtual Status TagImage(const Context& ctx, std::string_view image,
                          std::string_view reference) = 0;
  virtual Status RemoveImage(const Context& ctx, std::string_view reference) = 0;
};

class NetworkApi {
 public:
  virtual ~NetworkApi() = default;
  virtual Result<std::vector<NetworkDetails>> ListNetworks(const Context& ctx,
                                                           const LabelFilter& filter) = 0;
  virtual Result<NetworkDetails> InspectNetwork(const Context& ctx, std::string_view id) = 0;
  // The id. kConflict when a network of that name exists.
  virtual Result<std::string> CreateNetwork(const Context& ctx, const NetworkConfig& config) = 0;
  // kConflict while a container runs on it; ok for one that is not there.
  virtual Status RemoveNetwork(const Context& ctx, std::string_view id) = 0;
  virtual Status ConnectNetwork(const Context& ctx, const NetworkAttachment& to,
                                std::string_view container) = 0;
  virtual Status DisconnectNetwork(const Context& ctx, std::string_view network,
                                   std::string_view container) = 0;
};

class VolumeApi {
 public:
  virtual ~VolumeApi() = default;
  // Returns the volume of that name as it is, when there is one: the engine then ignores `config`,
  // so compare labels.
  virtual Result<VolumeDetails> CreateVolume(const Context& ctx, const VolumeConfig& config) = 0;
  virtual Result<VolumeDetails> InspectVolume(const Context& ctx, std::string_view name) = 0;
  virtual Result<std::vector<VolumeDetails>> ListVolumes(const Context& ctx,
                                                         const LabelFilter& filter) = 0;
  // kConflict when a container uses it.
  virtual Status RemoveVolume(const Context& ctx, std::string_view name) = 0;
};

// Output of a container. Next from one thread at a time; Close from any.
class OutputStream {
 public:
  virtual ~OutputStream() = default;
  // The next piece; empty at the end. Blocks without limit but the context given at opening, or
  // Close, after which it is kCancelled.
  virtual Result<std::optional<OutputFrame>> Next() = 0;
  virtual void Close() = 0;
};

// A process with its input. Write and CloseInput may run beside Next.
class Session : public OutputStream {
 public:
  virtual Status Write(std::string_view bytes) = 0;
  // Ends the input; the output goes on.
  virtual Status CloseInput() = 0;
};

class StreamApi {
 public:
  virtual ~StreamApi() = default;
  virtual Result<std::unique_ptr<OutputStream>> Logs(const Context& ctx, std::string_view id,
                                                     const LogOptions& options) = 0;
  // Its id. kConflict when the container does not run.
  virtual Result<std::string> CreateExec(const Context& ctx, std::string_view container,
                                         const ExecConfig& config) = 0;
  // REQUIRES: `config` is what the exec was created with.
  virtual Result<std::unique_ptr<Session>> StartExec(const Context& ctx, std::string_view exec,
                                                     const ExecConfig& config) = 0;
  virtual Result<ExecState> InspectExec(const Context& ctx, std::string_view exec) = 0;
  virtual Status ResizeExec(const Context& ctx, std::string_view exec, int width, int height) = 0;
  // To the main process. REQUIRES: `tty` is the container's.
  virtual Result<std::unique_ptr<Session>> Attach(const Context& ctx, std::string_view container,
                                                  bool with_stdin, bool tty) = 0;
  virtual Status ResizeContainer(const Context& ctx, std::string_view container, int width,
                                 int height) = 0;
};

// Next from one thread; Close from any.
class EventStream {
 public:
  virtual ~EventStream() = default;
  // The next event, none twice. Blocks; kUnavailable when the daemon ended the stream, kCancelled
  // after Close.
  virtual Result<Event> Next() = 0;
  virtual void Close() = 0;
};

class SystemApi {
 public:
  virtual ~SystemApi() = default;
  // Negotiates the API version anew, too.
  virtual Status Ping(const Context& ctx) = 0;
  virtual Result<EngineVersion> Version(const Context& ctx) = 0;
  virtual Result<EngineInfo> Info(const Context& ctx) = 0;
  // Events of objects that carry the labels. `since_nano` is the time_nano of the last event seen,
  // or zero for new ones only; events are repeated from a little before it, so the caller
  // de-duplicates across streams (EventDedupe). Events are hints: the daemon drops them for slow
  // readers and forgets them when it restarts.
  virtual Result<std::unique_ptr<EventStream>> Events(const Context& ctx, const LabelFilter& filter,
                                                      int64_t since_nano) = 0;
  // The API version in use, `1.41`; empty before the first call that reached the daemon.
  virtual std::string api_version() const = 0;
};

class Engine : public SystemApi,
               public ContainerApi,
               public ImageApi,
               public NetworkApi,
               public VolumeApi,
               public StreamApi {};

struct TlsMaterial {
  std::string ca_pem;
  std::string cert_pem;
  std::string key_pem;
};

struct EngineOptions {
  std::string endpoint;            // unix:///path | tcp://host:port
  std::optional<TlsMaterial> tls;  // for tcp
  bool insecure = false;           // allows tcp without TLS
  Duration connect_timeout = std::chrono::seconds(10);
  Duration call_timeout = std::chrono::seconds(60);  // for calls that name no other limit
};

// No I/O happens here. kInvalid when the endpoint or the TLS material cannot be used.
Result<std::unique_ptr<Engine>> NewEngine(EngineOptions options);

}  // namespace gantry::docker
