using System.Reflection;
using FederationNode.TestSupport;
using Xunit.Sdk;

namespace FederationNode.Grains.Tests.Storage;

/// <summary>Runs a theory on a fresh SQLite file.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OnSqliteAttribute : DataAttribute
{
    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => [["sqlite"]];
}

/// <summary>
/// Runs a theory on a fresh PostgreSQL database; skipped where there is no PostgreSQL, but never in CI.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OnPostgresAttribute : DataAttribute
{
    public OnPostgresAttribute() => Skip = PostgresServer.SkipReason;

    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => [["postgres"]];
}
