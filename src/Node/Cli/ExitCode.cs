namespace FederationNode.Node.Cli;

/// <summary>What the program's exit codes mean; README.md lists them for people.</summary>
public static class ExitCode
{
    /// <summary>Done; of a question: the answer is yes, or all is well.</summary>
    public const int Done = 0;

    /// <summary>Done, and the answer is no: the audit found faults, the demo saw something else than it expected.</summary>
    public const int AnswerIsNo = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 2;

    /// <summary>A folder or file cannot be used: missing, malformed, in use, damaged.</summary>
    public const int BadFolder = 3;

    /// <summary>The node, or a peer that is needed, cannot be reached.</summary>
    public const int Unreachable = 4;

    /// <summary>The node refused the request: key, role, content.</summary>
    public const int Refused = 5;

    /// <summary>
    /// Not everything could be done: an audit without a trust anchor or with a log missing, rows that got no tag.
    /// </summary>
    public const int Incomplete = 6;

    /// <summary>A fault of the program itself.</summary>
    public const int Internal = 70;

    /// <summary>Stopped by Ctrl-C.</summary>
    public const int Interrupted = 130;
}

/// <summary>Ends a verb with a message for people and an exit code.</summary>
public class CliException(int exitCode, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The exit code.</summary>
    public int ExitCode { get; } = exitCode;
}

/// <summary>What was asked for is refused now, and may be granted later.</summary>
/// <param name="retryAfter">How long to wait.</param>
/// <param name="message">Why, for people.</param>
/// <param name="inner">What said so.</param>
public sealed class TryLaterException(TimeSpan retryAfter, string message, Exception? inner = null)
    : CliException(Cli.ExitCode.Refused, message, inner)
{
    /// <summary>How long to wait.</summary>
    public TimeSpan RetryAfter { get; } = retryAfter;
}

/// <summary>A running node says that a row of its database is damaged.</summary>
public sealed class DamagedRowException(string message) : CliException(Cli.ExitCode.BadFolder, message);
