using System.Diagnostics.Metrics;
using FederationNode.Protocol.Replication;
using Microsoft.Extensions.Logging;

namespace FederationNode.Grains.Replication;

/// <content>What people hear of it.</content>
public sealed partial class ReplicationDriver
{
    private static readonly Meter s_meter = new("FederationNode.Replication");
    private static readonly Counter<long> s_notes = s_meter.CreateCounter<long>(
        "fednode.replication.notes", "{note}", "What the replication noted of peers, by kind and peer.");

    private static readonly Counter<long> s_repairs = s_meter.CreateCounter<long>(
        "fednode.replication.repairs", "{row}", "Damaged rows that were written anew, by the peer that gave their entries.");

    private void Note(Noted noted)
    {
        s_notes.Add(1, new KeyValuePair<string, object?>("kind", noted.Kind.ToString()), new("peer", noted.Peer));
        switch (noted.Kind)
        {
            case Protocol.Replication.Note.Reachable:
                LogReachable(noted.Peer);
                break;
            case Protocol.Replication.Note.OutOfReach:
                LogUnreachable(noted.Peer, _links.Get(noted.Peer).LastError ?? "no answer");
                break;
            case Protocol.Replication.Note.BadContent:
                Blame(noted, "sent what is malformed or does not verify");
                break;
            case Protocol.Replication.Note.Withholds:
                Blame(noted, "shows entries that it does not give");
                break;
            case Protocol.Replication.Note.OtherBranch:
                Blame(noted, "shows another branch of the log than the one held here");
                break;
            case Protocol.Replication.Note.OverQuota:
                Blame(noted, "has more new entries in the log than its quota allows; they are not fetched for now");
                break;
            case Protocol.Replication.Note.OtherLive:
                Blame(noted, "says that other entries of the log are live than what others gave");
                break;
            case Protocol.Replication.Note.HidesLive:
                Blame(noted, "left out live entries when it gave the log's outline");
                break;
            case Protocol.Replication.Note.HoldsMoreOfOurs:
                LogHoldsMore(noted.Peer, noted.Origin!);
                break;
            case Protocol.Replication.Note.Paused or Protocol.Replication.Note.Resumed:
                var paused = noted.Kind is Protocol.Replication.Note.Paused;
                _links.Change(noted.Peer, l => l with { Paused = paused });
                LogPaused(noted.Peer, paused ? "takes nothing now: its storage is full or failing" : "takes entries again");
                break;
        }
    }

    private void Blame(Noted noted, string what)
    {
        var text = noted.Origin is { } origin ? $"{what} ({origin})" : what;
        _links.Change(noted.Peer, l => l with { Note = text });
        LogBad(noted.Peer, noted.Origin ?? "", what);
    }

    [LoggerMessage(1, LogLevel.Information, "{Member} is reachable.")]
    private partial void LogReachable(string member);

    [LoggerMessage(2, LogLevel.Warning, "{Member} is out of reach: {Error}")]
    private partial void LogUnreachable(string member, string error);

    [LoggerMessage(3, LogLevel.Warning, "{Member} {What} {Origin}")]
    private partial void LogBad(string member, string origin, string what);

    [LoggerMessage(4, LogLevel.Error, "{Member} holds more of our own log {Origin} than this node: an old backup was restored. It takes no entries before the rest is fetched back.")]
    private partial void LogHoldsMore(string member, string origin);

    [LoggerMessage(5, LogLevel.Information, "{Member} {What}.")]
    private partial void LogPaused(string member, string what);

    [LoggerMessage(6, LogLevel.Error, "An exchange about {About} failed here, not at the peer; it is tried again.")]
    private partial void LogFailed(string about, Exception failure);

    [LoggerMessage(8, LogLevel.Warning, "The damaged row of {Origin} from entry {From} on was written anew with what {Member} gave: it is what this node held. Look at the disk.")]
    private partial void LogRepaired(string origin, long from, string member);

    [LoggerMessage(9, LogLevel.Warning, "The damaged tile of {Origin}, level {Level}, from entry {From} on was written anew out of the rows below it. Look at the disk.")]
    private partial void LogTileRepaired(string origin, int level, long from);

    [LoggerMessage(7, LogLevel.Error, "A part of the replication failed.")]
    private partial void LogBroken(Exception failure);
}
