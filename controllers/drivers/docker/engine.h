#pragma once

#include "controllers/drivers/docker/http_client.h"

namespace gantry::docker {

// The Engine over HTTP. Its methods are spread over engine_*.cc by subject.
class HttpEngine : public Engine {
 public:
  HttpEngine(std::shared_ptr<const Dialer> dialer, Duration call_timeout)
      : http_(std::move(dialer), call_timeout) {}

  Status Ping(const Context& ctx) override;
  Result<EngineVersion> Version(const Context& ctx) override;
  Result<EngineInfo> Info(const Context& ctx) override;
  Result<std::unique_ptr<EventStream>> Events(const Context& ctx, const LabelFilter& filter,
                                              int64_t since_nano) override;
  std::string api_version() const override { return http_.api_version(); }

  Result<std::vector<ContainerSummary>> ListContainers(const Context& ctx,
                                                       const LabelFilter& filter) override;
  Result<ContainerDetails> InspectContainer(const Context& ctx, std::string_view id) override;
  Result<std::string> CreateContainer(const Context& ctx, const ContainerConfig& config) override;
  Status StartContainer(const Context& ctx, std::string_view id) override;
  Status StopContainer(const Context& ctx, std::string_view id, Duration grace) override;
  Status KillContainer(const Context& ctx, std::string_view id, std::string_view signal) override;
  Status RemoveContainer(const Context& ctx, std::string_view id, bool force) override;
  Status UpdateContainer(const Context& ctx, std::string_view id,
                         const ContainerUpdate& update) override;
  Status RenameContainer(const Context& ctx, std::string_view id, std::string_view name) override;
  Result<int> WaitContainer(const Context& ctx, std::string_view id) override;

  Status PullImage(const Context& ctx, std::string_view reference, std::string_view platform,
                   const RegistryAuth* auth) override;
  Result<ImageDetails> InspectImage(const Context& ctx, std::string_view reference) override;
  Result<std::vector<ImageDetails>> ListImages(const Context& ctx) override;
  Status TagImage(const Context& ctx, std::string_view image, std::string_view reference) override;
  Status RemoveImage(const Context& ctx, std::string_view reference) override;

  Result<std::vector<NetworkDetails>> ListNetworks(const Context& ctx,
                                                   const LabelFilter& filter) override;
  Result<NetworkDetails> InspectNetwork(const Context& ctx, std::string_view id) override;
  Result<std::string> CreateNetwork(const Context& ctx, const NetworkConfig& config) override;
  Status RemoveNetwork(const Context& ctx, std::string_view id) override;
  Status ConnectNetwork(const Context& ctx, const NetworkAttachment& to,
                        std::string_view container) override;
  Status DisconnectNetwork(const Context& ctx, std::string_view network,
                           std::string_view container) override;

  Result<VolumeDetails> CreateVolume(const Context& ctx, const VolumeConfig& config) override;
  Result<VolumeDetails> InspectVolume(const Context& ctx, std::string_view name) override;
  Result<std::vector<VolumeDetails>> ListVolumes(const Context& ctx,
                                                 const LabelFilter& filter) override;
  Status RemoveVolume(const Context& ctx, std::string_view name) override;

  Result<std::unique_ptr<OutputStream>> Logs(const Context& ctx, std::string_view id,
                                             const LogOptions& options) override;
  Result<std::string> CreateExec(const Context& ctx, std::string_view container,
                                 const ExecConfig& config) override;
  Result<std::unique_ptr<Session>> StartExec(const Context& ctx, std::string_view exec,
                                             const ExecConfig& config) override;
  Result<ExecState> InspectExec(const Context& ctx, std::string_view exec) override;
  Status ResizeExec(const Context& ctx, std::string_view exec, int width, int height) override;
  Result<std::unique_ptr<Session>> Attach(const Context& ctx, std::string_view container,
                                          bool with_stdin, bool tty) override;
  Status ResizeContainer(const Context& ctx, std::string_view container, int width,
                         int height) override;

 private:
  Result<Json> Get(const Context& ctx, std::string path,
                   std::vector<std::pair<std::string, std::string>> query = {});
  Result<Answer> Send(const Context& ctx, std::string method, std::string path,
                      std::vector<std::pair<std::string, std::string>> query = {},
                      const Json* body = nullptr);

  HttpClient http_;
};

// `/containers/<id>/<verb>`, the id percent-encoded; without the verb when it is empty.
std::string EnginePath(std::string_view collection, std::string_view id, std::string_view verb);

}  // namespace gantry::docker
