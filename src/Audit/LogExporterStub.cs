namespace FederationNode.Audit;

/// <summary>Stub.</summary>
public static class LogExporter
{
    /// <summary>Stub.</summary>
    public static Task WriteAsync(Sources.ILogSource from, string vkey, string directory, Action<double> progress, CancellationToken cancel) => Task.CompletedTask;
}
