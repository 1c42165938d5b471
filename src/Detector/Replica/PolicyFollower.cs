using FederationNode.Detector.Settings;
using FederationNode.Matching.Policy;
using Microsoft.Extensions.Logging;

namespace FederationNode.Detector.Replica;

/// <summary>
/// The policy that a file holds, and a changed one while it is watched: the whole of it, or, if anything in it cannot be used,
/// the one before it with a fault. Safe from any thread.
/// </summary>
internal sealed partial class PolicyFollower : FileWatch
{
    private readonly string _file;
    private readonly ILogger _logger;
    private volatile VerdictPolicy _current;
    private volatile string? _fault;

    private PolicyFollower(string file, PolicyFile first, TimeProvider clock, ILogger logger)
        : base(first.Stamps, clock)
    {
        (_file, _logger, _current) = (file, logger, first.Verdicts);
        NoteFlood();
    }

    /// <summary>The policy in force. It is nobody's: whose node is followed is known with the list.</summary>
    public VerdictPolicy Current => _current;

    /// <summary>Why the file on the disk is not in force, or null if it is.</summary>
    public string? Fault => _fault;

    /// <summary>Reads a policy that must be there.</summary>
    /// <exception cref="SettingsException">It cannot be used; says which setting is wrong and what to do.</exception>
    public static PolicyFollower Start(string file, TimeProvider clock, ILogger logger)
    {
        var path = Path.GetFullPath(file);
        return new PolicyFollower(path, Read(path, new FileStamps()), clock, logger);
    }

    /// <summary>What is wrong with a file, or null.</summary>
    public static string? FaultOf(string file)
    {
        try
        {
            _ = Read(Path.GetFullPath(file), new FileStamps());
            return null;
        }
        catch (SettingsException e)
        {
            return e.Message;
        }
    }

    /// <inheritdoc/>
    protected override void TakeUp(FileStamps stamps)
    {
        stamps.Note(_file);
        if (!File.Exists(_file))
        {
            Refuse(PolicyFile.GoneFault(_file));
            return;
        }

        _current = Read(_file, stamps).Verdicts;
        _fault = null;
        LogTaken(_file);
        NoteFlood();
    }

    /// <inheritdoc/>
    protected override void Refuse(string fault)
    {
        _fault = fault;
        LogRefused(fault);
    }

    private static PolicyFile Read(string file, FileStamps stamps) => PolicyFile.Read(file, self: "", stamps);

    private void NoteFlood()
    {
        if (_current.Flood is not null)
        {
            LogFlood(_file);
        }
    }

    [LoggerMessage(8, LogLevel.Information, "{File} was read and is in force.")]
    private partial void LogTaken(string file);

    [LoggerMessage(9, LogLevel.Error, PolicyFile.NotInForce + "{Fault}")]
    private partial void LogRefused(string fault);

    [LoggerMessage(10, LogLevel.Warning, "\"flood\" in {File} does nothing in a replica, which does not see how fast logs grow: "
        + "what a member in quarantine lists counts here until it is named in \"muted\".")]
    private partial void LogFlood(string file);
}
