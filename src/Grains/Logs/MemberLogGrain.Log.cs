using Microsoft.Extensions.Logging;

namespace FederationNode.Grains.Logs;

/// <content>What the log of the program says about logs.</content>
public sealed partial class MemberLogGrain
{
    [LoggerMessage(1, LogLevel.Warning, "Another writer moved the head of {Origin}; this activation steps down before it signs anything.")]
    private partial void LogConflict(string origin, Exception conflict);

    [LoggerMessage(2, LogLevel.Error, "The storage failed while writing {Origin}; the log is loaded again from the database.")]
    private partial void LogStorageFailed(string origin, Exception failure);

    [LoggerMessage(3, LogLevel.Error, "A peer showed a checkpoint of our own log {Origin} at {PeerSize}, this node holds {Size}: an old backup was restored. Nothing is appended until the rest is fetched back.")]
    private partial void LogBehind(string origin, long size, long peerSize);

    [LoggerMessage(4, LogLevel.Critical, "{Origin} forked: its key signed two branches, which is proven. The log is frozen at {Size} entries.")]
    private partial void LogFork(string origin, long size);

    [LoggerMessage(6, LogLevel.Warning, "{Origin} may not sign yet: {Count} entries are kept and count here, and are logged as soon as it may.")]
    private partial void LogDeferred(string origin, int count);

    [LoggerMessage(7, LogLevel.Error, "Entries that were kept for {Origin} cannot be logged any more: {Error}")]
    private partial void LogDeferredLost(string origin, string error);

    [LoggerMessage(8, LogLevel.Error, "A damaged row of {Origin} could not be written anew; it is tried again.")]
    private partial void LogRepairFailed(string origin, Exception failure);

    [LoggerMessage(9, LogLevel.Warning, "What was kept of the outline of {Origin} cannot be read; it is fetched again.")]
    private partial void LogOutlineLost(string origin, Exception damage);

    [LoggerMessage(10, LogLevel.Error, "An erasure in {Origin} could not be carried out; it is tried again.")]
    private partial void LogEraseFailed(string origin, Exception failure);

    [LoggerMessage(5, LogLevel.Warning, "A range of {Origin} was refused: {Error}")]
    private partial void LogRefused(string origin, string error);
}
