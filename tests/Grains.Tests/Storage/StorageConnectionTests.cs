using FederationNode.Grains.Storage;
using Npgsql;
using Xunit;

namespace FederationNode.Grains.Tests.Storage;

public sealed class StorageConnectionTests
{
    private const string Secret = "hunter2";

    [Theory]
    [InlineData("/x/node.db")]
    [InlineData(" /x/node.db ")]
    [InlineData("Data Source=/x/node.db")]
    [InlineData("data source='/x/node.db';")]
    [InlineData("DataSource=/x/node.db")]
    [InlineData("Filename=/x/node.db")]
    public void TryParse_SqliteForms_GiveTheFile(string text)
    {
        Assert.True(StorageConnection.TryParse(text, out var connection, out var error), error);

        Assert.Equal(StorageEngine.Sqlite, connection.Engine);
        Assert.Equal("/x/node.db", connection.FilePath);
        Assert.Equal("System.Data.SQLite", connection.Invariant);
        Assert.Equal("SQLite file /x/node.db", connection.ToString());
    }

    [Theory]
    [InlineData("node.db")]
    [InlineData("Data Source=node.db")]
    public void TryParse_RelativePath_IsBelowTheCurrentFolder(string text) =>
        Assert.Equal(Path.GetFullPath("node.db"), StorageConnection.Parse(text).FilePath);

    [Fact]
    public void TryParse_PathWithEqualsSign_IsAPath() =>
        Assert.Equal("/x/host=1/node.db", StorageConnection.Parse("/x/host=1/node.db").FilePath);

    [Theory]
    [InlineData("Host=db.example;Database=fed;Username=app;Password=hunter2")]
    [InlineData("server=db.example;database=fed;user id=app;password='hunter2'")]
    [InlineData("postgres://app:hunter2@db.example/fed")]
    [InlineData("postgresql://app:hunter2@db.example:5432/fed?sslmode=verify-full&application_name=x")]
    public void TryParse_PostgresForms_GiveTheDatabaseWithoutThePassword(string text)
    {
        Assert.True(StorageConnection.TryParse(text, out var connection, out var error), error);

        Assert.Equal(StorageEngine.Postgres, connection.Engine);
        Assert.Null(connection.FilePath);
        Assert.Equal("Npgsql", connection.Invariant);
        Assert.Equal("PostgreSQL database 'fed' on db.example:5432 as user 'app'", connection.ToString());
        Assert.DoesNotContain(Secret, $"{connection}", StringComparison.Ordinal);
    }

    [Fact]
    public void TryParse_UriWithPercentEncoding_IsDecoded()
    {
        var connection = StorageConnection.Parse("postgres://a%40b:p%2Fw@[::1]:6000/my%20db");
        using var source = connection.CreateDataSource();

        Assert.Equal("PostgreSQL database 'my db' on [::1]:6000 as user 'a@b'", connection.ToString());
        Assert.DoesNotContain("p/w", source.ConnectionString, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Host=db.example;Database=fed", 24)]
    [InlineData("postgres://db.example/fed", 24)]
    [InlineData("Host=db.example;Database=fed;Maximum Pool Size=100", 100)]
    [InlineData("Host=db.example;Database=fed;MaxPoolSize=7", 7)]
    public void TryParse_PoolSize_IsModestUnlessGiven(string text, int expected)
    {
        using var source = StorageConnection.Parse(text).CreateDataSource();

        Assert.Equal(expected, new NpgsqlConnectionStringBuilder(source.ConnectionString).MaxPoolSize);
    }

    [Theory]
    [InlineData(null, "empty")]
    [InlineData("  ", "empty")]
    [InlineData("a\0b", "NUL")]
    [InlineData("Hots=db.example;Password=hunter2", "neither")]
    [InlineData("Data Source=", "not of the form")]
    [InlineData(":memory:", "path of a file")]
    [InlineData("Data Source=:memory:", "path of a file")]
    [InlineData("Data Source=file:x.db?mode=memory", "path of a file")]
    [InlineData("file:x.db?mode=memory", "neither")]
    [InlineData("Data Source=/x/node.db;Password=hunter2", "only 'Data Source=PATH'")]
    [InlineData("Host=db.example;Password=hunter2", "no database")]
    [InlineData("Host=;Database=fed;Password=hunter2", "host")]
    [InlineData("Host=db.example;Database=fed;Password=abc;hunter2=x", "quotes")]
    [InlineData("Host=db.example;Database=fed;Password='hunter2", "quotes")]
    [InlineData("Host=db.example;Database=fed;Port=hunter2", "quotes")]
    [InlineData("postgres://app:hunter2@db.example", "no database")]
    [InlineData("postgres://app:hunter2@db.example:port/fed", "percent-encoded")]
    [InlineData("postgres://app:hunter2@db.example/fed?hunter2=1", "query parameter")]
    [InlineData("postgres://app:hunter2@db.example/fed?sslmode=hunter2", "sslmode")]
    public void TryParse_BadText_SaysWhatIsWrongWithoutQuotingASecret(string? text, string expected)
    {
        Assert.False(StorageConnection.TryParse(text, out var connection, out var error));

        Assert.Null(connection);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_BadText_Throws() =>
        Assert.Throws<FormatException>(() => StorageConnection.Parse("Host=;"));
}
