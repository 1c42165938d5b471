using System.Diagnostics.CodeAnalysis;
using Npgsql;

namespace FederationNode.Grains.Storage;

/// <summary>
/// The URI form of a PostgreSQL connection, <c>postgres://user:password@host:port/database?sslmode=require</c>,
/// which Npgsql itself does not read. Queries are libpq's names where they differ from Npgsql's keywords.
/// </summary>
internal static class PostgresUri
{
    private static readonly Dictionary<string, string> Keywords = new(StringComparer.OrdinalIgnoreCase)
    {
        ["sslmode"] = "SSL Mode",
        ["sslrootcert"] = "Root Certificate",
        ["sslcert"] = "SSL Certificate",
        ["sslkey"] = "SSL Key",
        ["application_name"] = "Application Name",
        ["connect_timeout"] = "Timeout",
        ["options"] = "Options",
    };

    public static bool Matches(string text) =>
        text.StartsWith("postgres://", StringComparison.OrdinalIgnoreCase)
        || text.StartsWith("postgresql://", StringComparison.OrdinalIgnoreCase);

    public static bool TryParse(
        string text,
        [NotNullWhen(true)] out NpgsqlConnectionStringBuilder? builder,
        [NotNullWhen(false)] out string? error)
    {
        builder = null;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Fragment.Length > 0)
        {
            error = "The PostgreSQL URI is not of the form postgres://user:password@host:port/database "
                + "(special characters in it must be percent-encoded).";
            return false;
        }

        var result = new NpgsqlConnectionStringBuilder
        {
            Host = uri.Host,
            Database = Uri.UnescapeDataString(uri.AbsolutePath.TrimStart('/')),
        };
        if (uri.Port > 0)
        {
            result.Port = uri.Port;
        }

        var user = uri.UserInfo.Split(':', 2);
        if (user[0].Length > 0)
        {
            result.Username = Uri.UnescapeDataString(user[0]);
        }

        if (user.Length == 2)
        {
            result.Password = Uri.UnescapeDataString(user[1]);
        }

        if (!TryReadQuery(uri.Query, result, out error))
        {
            return false;
        }

        builder = result;
        return true;
    }

    private static bool TryReadQuery(
        string query,
        NpgsqlConnectionStringBuilder builder,
        [NotNullWhen(false)] out string? error)
    {
        foreach (var pair in query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = pair.Split('=', 2);
            if (parts.Length != 2 || !Keywords.TryGetValue(parts[0], out var keyword))
            {
                error = "The PostgreSQL URI has a query parameter that is not one of: "
                    + string.Join(", ", Keywords.Keys.Order(StringComparer.Ordinal)) + ".";
                return false;
            }

            try
            {
                // libpq writes verify-full where Npgsql says VerifyFull.
                var value = Uri.UnescapeDataString(parts[1]);
                builder[keyword] = keyword == "SSL Mode"
                    ? value.Replace("-", "", StringComparison.Ordinal)
                    : value;
            }
            catch (Exception e) when (e is ArgumentException or FormatException or OverflowException
                or InvalidCastException)
            {
                error = $"The PostgreSQL URI's query parameter {parts[0]} has a value that cannot be read.";
                return false;
            }
        }

        error = null;
        return true;
    }
}
