using Xunit;

namespace FederationNode.EndToEnd.Tests;

/// <summary>A test that reads <c>/proc</c>.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LinuxFactAttribute : FactAttribute
{
    public LinuxFactAttribute() => Skip = OperatingSystem.IsLinux() ? null : "It reads /proc.";
}
