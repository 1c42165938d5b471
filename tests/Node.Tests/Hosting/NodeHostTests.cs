using System.Globalization;
using FederationNode.Grains.Storage;
using FederationNode.Node.Cli;
using FederationNode.Node.Folder;
using FederationNode.Node.Hosting;
using FederationNode.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace FederationNode.Node.Tests.Hosting;

/// <summary>A node that ends without having been told to says why, and its exit code is not that of success.</summary>
[Collection(nameof(NodeHostTests))]
public sealed class NodeHostTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fednode-host-").FullName;

    public static TheoryData<Exception, int, string> Failures => new()
    {
        { new InvalidOperationException("the part broke"), ExitCode.Internal, "the part broke" },
        { new OperationCanceledException("nobody asked for it"), ExitCode.Internal, "FailingPart" },
        { new CorruptStateException("log-head", "a/b/c/1", "it is torn"), ExitCode.BadFolder, "'log-head' of 'a/b/c" },
        {
            new InvalidOperationException("outer", new StorageException(StorageFault.Unavailable, "the disk is gone")),
            ExitCode.BadFolder,
            "the disk is gone"
        },
    };

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task WaitForShutdown_PartFails_SaysWhichAndWhy(Exception failure, int code, string says)
    {
        var part = new FailingPart();
        await using var node = await StartAsync(part);

        part.Fail(failure);
        var ended = await Assert.ThrowsAsync<CliException>(
            () => node.WaitForShutdownAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(60)));

        Assert.Equal(code, ended.ExitCode);
        Assert.Contains(nameof(FailingPart), ended.Message, StringComparison.Ordinal);
        Assert.Contains(says, ended.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WaitForShutdown_ToldToStop_IsNoFailureEvenIfAPartFailsThen()
    {
        var part = new FailingPart { FailsWhenStopped = true };
        await using var node = await StartAsync(part);
        using var stop = new CancellationTokenSource();

        await stop.CancelAsync();
        await node.WaitForShutdownAsync(stop.Token).WaitAsync(TimeSpan.FromSeconds(60));
    }

    private async Task<NodeHost> StartAsync(FailingPart part)
    {
        var data = Path.Combine(_folder, "secretariat");
        var api = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{FreePorts.Take(1)[0]}");
        Assert.Equal(0, await CommandLine.RunAsync(
        [
            "coalition", "create", data, "--name", "host", "--endpoint", "https://127.0.0.1:1",
            "--listen", "127.0.0.1:0", "--api", api,
        ]));
        var folder = new NodeFolder(data);
        return await NodeHost.StartAsync(
            folder,
            folder.ReadConfig(),
            services => services.AddHostedService(_ => part),
            CancellationToken.None);
    }

    /// <summary>Fails when it is told to.</summary>
    private sealed class FailingPart : BackgroundService
    {
        private readonly TaskCompletionSource _fails = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool FailsWhenStopped { get; init; }

        public void Fail(Exception failure) => _fails.SetException(failure);

        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            try
            {
                await _fails.Task.WaitAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (FailsWhenStopped && stoppingToken.IsCancellationRequested)
            {
                throw new InvalidOperationException("it was stopped");
            }
        }
    }
}
