using Holdfast.Tidy.Rules;

namespace Holdfast.Tidy.SelfTests;

public sealed class DependencyRuleTests
{
    [Theory]
    [InlineData("Holdfast.Mqtt", "Holdfast.Log")]
    [InlineData("Holdfast.Log", "Holdfast.Broker")]
    [InlineData("Holdfast.Log", "Holdfast.Log.Postgres")]
    [InlineData("Holdfast.Log.Postgres", "Holdfast.Broker")]
    [InlineData("Holdfast.Broker", "Holdfast.Transport")]
    [InlineData("Holdfast.Api", "Holdfast.Integrations")]
    [InlineData("Holdfast.Device", "Holdfast.Broker")]
    [InlineData("Holdfast.Status", "Holdfast.Api")]
    [InlineData("Holdfast.Broker", "Microsoft.AspNetCore.App")]
    [InlineData("Holdfast.Integrations", "Microsoft.AspNetCore.Http.Abstractions")]
    [InlineData("Holdfast.Cluster", "Microsoft.AspNetCore.Http.Abstractions")]
    [InlineData("Holdfast.Broker", "Microsoft.AspNetCore.Connections.Abstractions")]
    [InlineData("Holdfast.Broker", "Microsoft.Orleans.Sdk")]
    [InlineData("Holdfast.Api", "Orleans.Core")]
    public void The_wrong_direction_is_found(string project, string name)
        => Assert.Single(DependencyRule.Check(new References(project, ["System.Runtime", name]), "x"));

    [Theory]
    [InlineData("Holdfast.Broker", "Holdfast.Mqtt")]
    [InlineData("Holdfast.Transport", "Holdfast.Mqtt")]
    [InlineData("Holdfast.Transport", "Microsoft.AspNetCore.App")]
    [InlineData("Holdfast.Cluster", "Orleans.Core")]
    [InlineData("Holdfast.Cluster", "Microsoft.AspNetCore.Connections.Abstractions")]
    [InlineData("Holdfast.Server", "Holdfast.Api")]
    [InlineData("Holdfast.Log", "Microsoft.Data.Sqlite")]
    [InlineData("Holdfast.Log.Postgres", "Holdfast.Log")]
    public void The_right_direction_passes(string project, string name)
        => Assert.Empty(DependencyRule.Check(new References(project, ["System.Runtime", name]), "x"));

    [Fact]
    public void A_project_without_a_place_in_the_layout_is_found()
        => Assert.Single(DependencyRule.Check(new References("Holdfast.Helpers", []), "x"));

    [Fact]
    public void A_project_file_tells_its_references()
    {
        const string Text = """
            <Project><ItemGroup>
              <PackageReference Include="P" /><FrameworkReference Include="F" /><ProjectReference Include="../Holdfast.Log/Holdfast.Log.csproj" />
            </ItemGroup></Project>
            """;
        References references = DependencyRule.Read(new SourceFile("src/Holdfast.Mqtt/Holdfast.Mqtt.csproj", Text));
        Assert.Equal("Holdfast.Mqtt", references.Project);
        Assert.Equal(["P", "F", "Holdfast.Log"], references.Names);
    }
}
