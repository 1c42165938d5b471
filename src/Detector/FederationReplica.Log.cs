using Microsoft.Extensions.Logging;

namespace FederationNode.Detector;

/// <content>What the replica logs. Nothing that was checked is in it.</content>
public sealed partial class FederationReplica
{
    [LoggerMessage(1, LogLevel.Information, "The replica loaded {Indicators} indicators from its folder.")]
    private partial void LogLoaded(int indicators);

    [LoggerMessage(2, LogLevel.Information, "The replica read the whole list: {Indicators} indicators.")]
    private partial void LogSnapshot(int indicators);

    [LoggerMessage(3, LogLevel.Warning, "The replica lost its node and tries again: {Reason}")]
    private partial void LogFailed(string reason);

    [LoggerMessage(4, LogLevel.Information, "The replica reads the whole list again: {Reason}")]
    private partial void LogCursorLost(string reason);

    [LoggerMessage(5, LogLevel.Warning, "What the replica kept was not whole; what can be used is, and the rest comes from the node. {Fault}")]
    private partial void LogFileDamaged(string fault);

    [LoggerMessage(6, LogLevel.Error, "The replica cannot keep its list on disk and goes on in memory: {Reason}")]
    private partial void LogFileFailed(string reason);

    [LoggerMessage(7, LogLevel.Information, "The replica stopped.")]
    private partial void LogStopped();
}
