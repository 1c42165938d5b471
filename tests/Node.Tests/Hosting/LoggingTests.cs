using FederationNode.Node.Hosting;
using Microsoft.Extensions.Logging;
using Xunit;

namespace FederationNode.Node.Tests.Hosting;

/// <summary>What a node logs and what it does not.</summary>
public sealed class LoggingTests
{
    [Theory]
    [InlineData("FederationNode.Grains.Peers.PeerGrain", LogLevel.Information)]
    [InlineData("Orleans.Runtime.Silo", LogLevel.Warning)]
    [InlineData("Orleans.Runtime.MembershipService.LocalSiloHealthMonitor", LogLevel.Warning)]
    [InlineData("Orleans.Runtime.Watchdog", LogLevel.Error)]
    [InlineData("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Warning)]
    public void ConfigureLogging_Category_LogsFromThisLevelOn(string category, LogLevel lowest)
    {
        using var factory = LoggerFactory.Create(NodeHost.ConfigureLogging);
        var logger = factory.CreateLogger(category);

        Assert.True(logger.IsEnabled(lowest));
        Assert.False(logger.IsEnabled(lowest - 1));
    }

    /// <summary>The filter goes by the name of a class that is not public.</summary>
    [Fact]
    public void ConfigureLogging_Watchdog_IsTheNameOfItsClass() =>
        Assert.NotNull(typeof(Silo).Assembly.GetType("Orleans.Runtime.Watchdog"));
}
